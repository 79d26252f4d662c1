namespace Orchestrator.Tests.Support;

/// <summary>
/// A clock that stands still until its one driver moves it. Timers fire on the driver's thread, in the order they are due and,
/// when due together, in the order they were armed; each sees the clock at its own instant.
/// </summary>
public sealed class TestTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly SortedSet<Timer> _armed = new(Comparer<Timer>.Create((one, other) => one.Place.CompareTo(other.Place)));
    private TimeSpan _elapsed;
    private long _armings;
    private int _driving;

    /// <summary>Starts at noon of the first day of 2026, UTC.</summary>
    public TestTimeProvider() : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)) { }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers wait for their time.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _armed.Count;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => start + TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
            return _elapsed.Ticks;
    }

    /// <summary>Moves the clock, stopping at every timer that falls due on the way. Throws when somebody else moves it already.</summary>
    public void Advance(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(span.Ticks, nameof(span));
        if (Interlocked.Exchange(ref _driving, 1) == 1)
            throw new InvalidOperationException("The clock is being moved already; a test has one driver.");

        try
        {
            var target = TimeSpan.FromTicks(GetTimestamp()) + span;
            while (TryTakeDue(target, out var timer))
                timer.Fire();
        }
        finally
        {
            Volatile.Write(ref _driving, 0);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The next timer due until then, with the clock at its instant; or none, with the clock there.</summary>
    private bool TryTakeDue(TimeSpan target, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Timer? timer)
    {
        lock (_gate)
        {
            timer = _armed.Min;
            if (timer is null || timer.Place.Due > target)
            {
                _elapsed = target;
                timer = null;
                return false;
            }

            _elapsed = timer.Place.Due;
            Arm(timer, timer.Period);
            return true;
        }
    }

    /// <summary>Under the lock: due that far from now, or not at all.</summary>
    private void Arm(Timer timer, TimeSpan due)
    {
        _armed.Remove(timer);
        if (due == Timeout.InfiniteTimeSpan)
            return;

        timer.Place = (_elapsed + due, ++_armings);
        _armed.Add(timer);
    }

    private sealed class Timer(TestTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;

        public (TimeSpan Due, long Arming) Place { get; set; }
        public TimeSpan Period { get; private set; } = Timeout.InfiniteTimeSpan;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_disposed)
                    return false;
                // A period of zero fires once, as the system's timers do.
                Period = period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period;
                clock.Arm(this, dueTime);
                return true;
            }
        }

        public void Fire()
        {
            if (_context is null)
                callback(state);
            else
                ExecutionContext.Run(_context, static timer => ((Timer)timer!).Call(), this);
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                clock.Arm(this, Timeout.InfiniteTimeSpan);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Call() => callback(state);
    }
}
