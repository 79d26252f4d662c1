namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Counts how long a provider generates that does not say so itself: from its answer until it has left or is hung up on. It runs
/// once in a session's life. One thread at a time counts: the relay's sweep, the pump that reads the provider, or the end.
/// </summary>
internal sealed class OwnClock(RelayMeter meter, TimeProvider time)
{
    private readonly Lock _gate = new();
    private volatile State _state;
    private long _from;

    private enum State
    {
        Waiting,
        Running,
        Stopped,
    }

    /// <summary>Whether it counts now.</summary>
    public bool IsRunning => _state is State.Running;

    /// <summary>The provider has answered. Only the first answer counts, and none that comes when it is over: true for that one.</summary>
    public bool TryStart()
    {
        lock (_gate)
        {
            if (_state is not State.Waiting)
                return false;
            (_state, _from) = (State.Running, time.GetTimestamp());
            meter.Started();
            return true;
        }
    }

    /// <summary>Raises the mark to where the clock stands.</summary>
    public void Count()
    {
        // The lock is held while the mark rises, or of two that count at once the later value could come first.
        lock (_gate)
        {
            if (_state is State.Running)
                Raise();
        }
    }

    /// <summary>Raises the mark by its first millisecond, which is what makes the run's row be written.</summary>
    public void CountFirst()
    {
        lock (_gate)
        {
            if (_state is State.Running && time.GetElapsedTime(_from) < TimeSpan.FromMilliseconds(1))
                meter.Ticked(1);
            else if (_state is State.Running)
                Raise();
        }
    }

    /// <summary>Nothing is generated from here on; the mark stands where the clock does. Only the first call counts.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_state is State.Running)
                Raise();
            _state = State.Stopped;
        }
    }

    /// <summary>
    /// By our own clock nobody owes more than was held for it: what goes by between the end of a hold and our hanging up is ours to
    /// answer for, as the provider has claimed none of it.
    /// </summary>
    private void Raise()
    {
        // The first millisecond may have been counted before it was over.
        var elapsed = Math.Max((long)time.GetElapsedTime(_from).TotalMilliseconds, meter.Open?.MarkMs ?? 0);
        meter.Ticked(Math.Min(elapsed, meter.Hold?.LimitMs ?? long.MaxValue));
    }
}
