using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Step 7 for a provider that reports no seconds: our own clock counts, from its answer to the client's offer until it has left
/// or is hung up on.
/// </summary>
public sealed partial class SessionRelay
{
    private long _clockFrom;
    private long _clockTo;

    private bool IsClockRunning => _clockFrom != 0 && Volatile.Read(ref _clockTo) == 0;

    private void StartClock()
    {
        if (_upstreamRequest.MeteredBy is not MeteredBy.OwnClock || _clockFrom != 0)
            return;
        _clockFrom = _services.Time.GetTimestamp();
        _meter.Started();
        Announce();
    }

    /// <summary>Raises the mark to where the clock stands.</summary>
    private void CountClock()
    {
        if (_clockFrom == 0)
            return;
        var to = Volatile.Read(ref _clockTo);
        _meter.Ticked((long)_services.Time.GetElapsedTime(_clockFrom, to == 0 ? _services.Time.GetTimestamp() : to).TotalMilliseconds);
    }

    /// <summary>Nothing is generated from here on. Only the first call counts.</summary>
    private void StopClock()
    {
        if (Interlocked.CompareExchange(ref _clockTo, _services.Time.GetTimestamp(), 0) == 0)
            CountClock();
    }
}
