using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Tests.Sessions.Link;

/// <summary>Two ends of a link and the calls between them, which a test may lose, hold up, repeat and cut off for a while.</summary>
internal sealed class BadRoad
{
    private readonly Lock _gate = new();
    private readonly List<(LinkEnd To, FrameBatch Batch)> _old = [];
    private readonly Random _random;
    private readonly int _percent;
    private volatile bool _isGood;
    private long _peak;

    /// <summary>A road on which that share of calls goes wrong, always in the same way for the same seed.</summary>
    public BadRoad(int seed = 0, int percent = 0, TimeProvider? time = null)
    {
        _random = new Random(seed);
        _percent = percent;
        time ??= new HastyTime();
        var attachment = Guid.Parse("0198a5a2-0000-7000-8000-000000000001");
        Gateway = new LinkEnd(attachment, batch => CallAsync(Relay!, batch), Memory, time);
        Relay = new LinkEnd(attachment, batch => CallAsync(Gateway, batch), Memory, time);
    }

    public InFlightBudget Memory { get; } = new(1024 * 1024 * 1024, maxMessage: 0);
    public LinkEnd Gateway { get; }
    public LinkEnd Relay { get; }

    /// <summary>How many calls were made.</summary>
    public int Calls { get; private set; }

    /// <summary>What both ends held at most.</summary>
    public long Peak => Volatile.Read(ref _peak);

    /// <summary>While set, no call is answered.</summary>
    public TaskCompletionSource? Stall { get; set; }

    /// <summary>While set, calls fail before they take effect.</summary>
    public bool IsDown { get; set; }

    /// <summary>From here on nothing goes wrong.</summary>
    public void Mend() => _isGood = true;

    private async Task<LinkAck> CallAsync(LinkEnd to, FrameBatch batch)
    {
        Assert.InRange(batch.Frames.Length, 0, LinkBounds.BatchBytes);
        var fate = Draw();
        if (Stall is { } stall)
            await stall.Task;
        if (IsDown || fate is 0)
            throw new TimeoutException("Lost on its way.");
        if (fate is 1)
            await Task.Yield();
        if (fate is 2)
            Repeat();

        var answer = Deliver(to, batch);
        lock (_gate)
            _old.Add((to, batch));
        return fate is 3 ? throw new TimeoutException("Its answer was lost.") : answer;
    }

    private LinkAck Deliver(LinkEnd to, FrameBatch batch)
    {
        var answer = to.Receive(batch);
        lock (_gate)
            _peak = Math.Max(_peak, Memory.Used);
        Assert.InRange(to.Unread, 0, LinkBounds.UnreadBytes);
        return answer;
    }

    /// <summary>One that arrives once more, long after.</summary>
    private void Repeat()
    {
        (LinkEnd To, FrameBatch Batch) old;
        lock (_gate)
        {
            if (_old.Count == 0)
                return;
            old = _old[_random.Next(_old.Count)];
        }

        _ = Deliver(old.To, old.Batch);
    }

    private int Draw()
    {
        lock (_gate)
        {
            Calls++;
            return !_isGood && _random.Next(100) < _percent ? _random.Next(4) : -1;
        }
    }

    /// <summary>A clock on which waits are fifty times as short; what it measures is true.</summary>
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 50 : dueTime, period);
    }
}
