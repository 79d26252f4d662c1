namespace Orchestrator.Simulator.Oracles;

/// <summary>
/// What every connection was really sent: the oracle that bills and marks are compared with. Sessions that are over are
/// let go beyond a bound, oldest first; one that is open never is. Safe for any thread.
/// </summary>
public sealed class Truth
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Number, SessionTruth Truth)> _sessions = new(StringComparer.Ordinal);
    private readonly Queue<string> _ended = [];
    private readonly SimulatorOptions _options;

    private long _opened;

    internal Truth(SimulatorOptions options) => _options = options;

    /// <summary>Every session still known, newest first.</summary>
    public IReadOnlyList<SessionTruth> Sessions
    {
        get
        {
            lock (_lock)
                return [.. _sessions.Values.OrderByDescending(session => session.Number).Select(session => session.Truth)];
        }
    }

    /// <summary>The session that the provider calls this, or null when there is none or it was let go.</summary>
    public SessionTruth? Find(string providerSessionId)
    {
        lock (_lock)
            return _sessions.TryGetValue(providerSessionId, out var session) ? session.Truth : null;
    }

    /// <summary><see cref="SessionTruth.MaxMillisecondsSentBefore(DateTimeOffset)"/> of that session; null also when it is not known.</summary>
    public long? MaxMillisecondsSentBefore(string providerSessionId, DateTimeOffset instant) =>
        Find(providerSessionId)?.MaxMillisecondsSentBefore(instant);

    internal SessionTruth Open(string providerSessionId, string model, IReadOnlyDictionary<string, string> query)
    {
        var truth = new SessionTruth(providerSessionId, model, query, _options.MaxTruthEntries, _options.TimeProvider);
        lock (_lock)
            _sessions.Add(providerSessionId, (_opened++, truth));
        return truth;
    }

    internal void End(SessionTruth truth)
    {
        truth.End();
        lock (_lock)
        {
            _ended.Enqueue(truth.ProviderSessionId);
            while (_ended.Count > _options.MaxEndedSessions)
                _sessions.Remove(_ended.Dequeue());
        }
    }
}
