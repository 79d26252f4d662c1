namespace Orchestrator.Tests.Hosting;

public partial class GrainChecks
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_grain_that_asks_to_end_is_ended_and_the_next_call_begins_another_life()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);

        await grain.EndAsync();
        await journal.ReadAsync("died 1");
        var life = await grain.TouchAsync();

        Assert.Equal(2, life);
        Assert.Equal(["born 1", "dying 1", "died 1", "born 2"], journal.Lines);
    }

    [Fact]
    public async Task A_grain_ends_after_its_last_call_and_before_its_next_life()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        journal.Hold("call");
        journal.Hold("death");

        var held = grain.HoldAsync("call");
        await journal.ReadAsync("call in");
        var end = grain.EndAsync();
        journal.Release("call");
        await Task.WhenAll(held, end);
        await journal.ReadAsync("dying 1");
        var next = grain.TouchAsync();
        journal.Release("death");

        Assert.Equal(2, await next);
        Assert.Equal(["born 1", "call in", "call out", "dying 1", "died 1", "born 2"], journal.Lines);
    }

    [Fact]
    public async Task A_grain_that_cannot_come_to_life_tells_its_caller_and_is_tried_again()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        journal.Fail("birth");

        await Assert.ThrowsAnyAsync<Exception>(grain.TouchAsync);
        var life = await grain.TouchAsync();

        Assert.Equal(1, life);
        Assert.Equal(["born 1"], journal.Lines);
    }

    [Fact]
    public async Task A_grain_that_fails_while_it_ends_lives_again()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        journal.Fail("death");

        await grain.EndAsync();
        await journal.ReadAsync("dying 1");

        Assert.Equal(2, await grain.TouchAsync());
    }

    [Fact]
    public async Task An_idle_grain_is_ended_unless_it_asked_to_stay()
    {
        var (leaving, leavingJournal) = NewKey();
        var (staying, stayingJournal) = NewKey();
        await Grains.Get<ILifeGrain>(staying).StayForAsync(TimeSpan.FromDays(300));
        await Grains.Get<ILifeGrain>(leaving).TouchAsync();

        await IdleUntilAsync(leavingJournal.Arrival("died 1"));

        Assert.Equal(1, await Grains.Get<ILifeGrain>(staying).TouchAsync());
        Assert.Equal(["born 1"], stayingJournal.Lines);
    }

    [Fact]
    public async Task The_last_wish_to_stay_counts()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        await grain.StayForAsync(TimeSpan.FromDays(300));
        await grain.StayForAsync(TimeSpan.Zero);

        await IdleUntilAsync(journal.Arrival("died 1"));

        Assert.Equal(2, await grain.TouchAsync());
    }

    [Fact]
    public async Task A_timer_alone_keeps_no_grain_alive()
    {
        var (key, journal) = NewKey();
        await Grains.Get<ILifeGrain>(key).StartTimerAsync("tick", Second, Second);

        await IdleUntilAsync(journal.Arrival("died 1"));

        Assert.Contains("died 1", journal.Lines);
    }

    [Fact]
    public async Task A_timer_ticks_again_and_again()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        await grain.StartTimerAsync("tick", Second, Second);

        for (var i = 1; i <= 3; i++)
        {
            await PassTimeAsync(Second);
            await journal.ReadAsync($"tick {i}");
            // The turn's end arms the timer again; a call is served after it.
            await grain.TouchAsync();
        }

        Assert.Equal(["born 1", "tick 1", "tick 2", "tick 3"], journal.Lines);
    }

    [Fact]
    public async Task A_timer_waits_for_its_turn_and_calls_wait_for_the_timer()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        journal.Hold("call");
        journal.Hold("tick");
        await grain.StartTimerAsync("tick", Second, Second);

        var first = grain.HoldAsync("call");
        await journal.ReadAsync("call in");
        await PassTimeAsync(Second);
        journal.Release("call");
        await journal.ReadAsync("tick 1");
        var second = grain.HoldAsync("next call");
        journal.Write("released");
        journal.Release("tick");
        await Task.WhenAll(first, second);

        Assert.Equal(["born 1", "call in", "call out", "tick 1", "released", "next call in", "next call out"], journal.Lines);
    }

    [Fact]
    public async Task A_timer_turn_that_fails_is_not_the_last()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        journal.Fail("tick");
        await grain.StartTimerAsync("tick", Second, Second);

        await PassTimeAsync(Second);
        await journal.ReadAsync("tick 1");
        Assert.Equal(1, await grain.TouchAsync());
        await PassTimeAsync(Second);

        await journal.ReadAsync("tick 2");
    }

    [Fact]
    public async Task A_stopped_timer_is_silent()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        await grain.StartTimerAsync("stopped", Second, Second);
        await grain.StartTimerAsync("going", Second, Second);

        await grain.StopTimerAsync("stopped");
        await PassTimeAsync(Second);
        await journal.ReadAsync("going 1");

        Assert.DoesNotContain("stopped 1", journal.Lines);
    }

    [Fact]
    public async Task Timers_end_with_their_grain_and_bring_no_other_to_life()
    {
        var (key, journal) = NewKey();
        var (other, otherJournal) = NewKey();
        var grain = Grains.Get<ILifeGrain>(key);
        await grain.StartTimerAsync("tick", Second, Second);
        await grain.EndAsync();
        await journal.ReadAsync("died 1");

        await Grains.Get<ILifeGrain>(other).StartTimerAsync("tick", Second, Second);
        await PassTimeAsync(Second);
        await otherJournal.ReadAsync("tick 1");

        Assert.Equal(["born 1", "dying 1", "died 1"], journal.Lines);
        Assert.Equal(2, await grain.TouchAsync());
    }
}
