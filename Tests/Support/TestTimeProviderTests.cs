namespace Orchestrator.Tests.Support;

public class TestTimeProviderTests
{
    private readonly TestTimeProvider _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void The_clock_stands_still_until_it_is_moved()
    {
        var (before, since) = (_time.GetUtcNow(), _time.GetTimestamp());

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(before.AddMinutes(5), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(5), _time.GetElapsedTime(since));
    }

    [Fact]
    public void Timers_fire_as_they_fall_due_and_see_their_own_instant()
    {
        using var second = Start("second", due: 2);
        using var third = Start("third", due: 3);
        using var first = Start("first", due: 1);
        using var together = Start("with the second", due: 2);
        using var later = Start("later", due: 10);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["first at 1", "second at 2", "with the second at 2", "third at 3"], _fired);
        Assert.Equal(1, _time.ArmedTimers);
    }

    [Fact]
    public void A_period_repeats()
    {
        using var timer = Start("tick", due: 1, period: 2);

        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(["tick at 1", "tick at 3", "tick at 5"], _fired);
    }

    [Fact]
    public void A_timer_armed_on_the_way_fires_on_the_way()
    {
        ITimer? inner = null;
        using var outer = _time.CreateTimer(_ => inner = Start("inner", due: 1), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(["inner at 2"], _fired);
        inner!.Dispose();
    }

    [Fact]
    public void A_changed_timer_forgets_and_a_disposed_one_is_silent()
    {
        using var changed = Start("changed", due: 1);
        var disposed = Start("disposed", due: 1);

        changed.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["changed at 3"], _fired);
        Assert.False(disposed.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task Delays_and_time_outs_of_the_framework_follow_it()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(3), _time);
        var bounded = new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(2), _time);

        _time.Advance(TimeSpan.FromSeconds(2));

        await Assert.ThrowsAsync<TimeoutException>(() => bounded);
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await delay;
    }

    [Fact]
    public void It_has_one_driver()
    {
        Exception? refused = null;
        using var timer = _time.CreateTimer(
            _ => refused = Record.Exception(() => _time.Advance(TimeSpan.FromSeconds(1))), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.IsType<InvalidOperationException>(refused);
    }

    private ITimer Start(string name, int due, int? period = null)
    {
        var start = _time.GetTimestamp();
        var origin = TimeSpan.FromTicks(start).TotalSeconds;
        return _time.CreateTimer(
            _ => _fired.Add($"{name} at {origin + _time.GetElapsedTime(start).TotalSeconds}"),
            null,
            TimeSpan.FromSeconds(due),
            period is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan);
    }
}
