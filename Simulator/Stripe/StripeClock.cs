namespace Orchestrator.Simulator.Stripe;

/// <summary>
/// The virtual clock of windows, receipts and summaries. It follows the simulator's until it is set, and runs on from there
/// unless frozen. Safe for any thread.
/// </summary>
public sealed class StripeClock
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private TimeSpan _ahead;
    private DateTimeOffset? _frozen;

    internal StripeClock(TimeProvider time) => _time = time;

    /// <summary>The instant.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (_lock)
                return _frozen ?? _time.GetUtcNow() + _ahead;
        }
    }

    /// <summary>Goes on from that instant.</summary>
    public void Set(DateTimeOffset now)
    {
        lock (_lock)
            (_frozen, _ahead) = (null, now - _time.GetUtcNow());
    }

    /// <summary>Stands still at that instant until it is set or advanced.</summary>
    public void Freeze(DateTimeOffset at)
    {
        lock (_lock)
            _frozen = at;
    }

    /// <summary>Jumps; what stood still stands still there.</summary>
    public void Advance(TimeSpan span)
    {
        lock (_lock)
            if (_frozen is { } frozen)
                _frozen = frozen + span;
            else
                _ahead += span;
    }

    /// <summary>Whole seconds of the epoch.</summary>
    internal long Unix => Now.ToUnixTimeSeconds();
}
