namespace Orchestrator.Benchmarks.Ledger;

/// <summary>
/// The time that sessions live in: it moves when its one driver moves it, as fast as the machine follows. Timers fire on the
/// driver's thread, in the order they are due.
/// </summary>
internal sealed class SessionClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(Timer Timer, long Arming), long> _due = new();
    private long _elapsed;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long it has run.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    // Nobody may take 0 for an instant: it stands for "never" here and there.
    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _elapsed) + 1;

    /// <summary>Moves on, stopping at every timer that falls due on the way.</summary>
    public void Advance(TimeSpan span)
    {
        var target = _elapsed + span.Ticks;
        while (TryTakeDue(target, out var timer))
            timer.Fire();
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            throw new NotSupportedException("Sessions have no periodic timers.");
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private bool TryTakeDue(long target, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Timer? timer)
    {
        lock (_gate)
        {
            while (_due.TryPeek(out var next, out var at) && at <= target)
            {
                _due.Dequeue();
                // One that was armed again, or disposed, left its former place behind.
                if (next.Timer.Arming != next.Arming)
                    continue;
                Volatile.Write(ref _elapsed, Math.Max(_elapsed, at));
                timer = next.Timer;
                return true;
            }

            Volatile.Write(ref _elapsed, target);
            timer = null;
            return false;
        }
    }

    private sealed class Timer(SessionClock clock, TimerCallback callback, object? state) : ITimer
    {
        /// <summary>Which of its armings counts.</summary>
        public long Arming { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                Arming++;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    clock._due.Enqueue((this, Arming), clock._elapsed + dueTime.Ticks);
                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
