using Orchestrator.Domain.Sessions;

namespace Orchestrator.Gateway.Sessions;

/// <summary>How many join sessions of others through this process, by session, within bounds.</summary>
internal class SessionPlaces(int maxPerSession, int maxInProcess)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SessionId, int> _bySession = [];
    private int _all;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _all;
        }
    }

    /// <summary>Takes a place, to be disposed at the end; null when there is none left.</summary>
    public IDisposable? TryTake(SessionId session)
    {
        lock (_gate)
        {
            var here = _bySession.GetValueOrDefault(session);
            if (_all >= maxInProcess || here >= maxPerSession)
                return null;
            _bySession[session] = here + 1;
            _all++;
            return new Place(this, session);
        }
    }

    private void Return(SessionId session)
    {
        lock (_gate)
        {
            _all--;
            if (--_bySession[session] == 0)
                _bySession.Remove(session);
        }
    }

    private sealed class Place(SessionPlaces places, SessionId session) : IDisposable
    {
        private bool _isReturned;

        public void Dispose()
        {
            if (!_isReturned)
                places.Return(session);
            _isReturned = true;
        }
    }
}
