namespace Orchestrator.Tests.Hosting;

public partial class GrainChecks
{
    [Fact]
    public async Task A_call_runs_to_its_end_before_the_next_begins()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ITurnGrain>(key);
        journal.Hold("first");

        var first = grain.HoldAsync("first");
        await journal.ReadAsync("first in");
        var second = grain.HoldAsync("second");
        journal.Release("first");
        await Task.WhenAll(first, second);

        Assert.Equal(["first in", "first out", "second in", "second out"], journal.Lines);
    }

    [Fact]
    public async Task Calls_do_not_interleave_at_an_await()
    {
        var (key, journal) = NewKey();
        var names = Enumerable.Range(0, 20).Select(i => $"call {i}").ToList();

        // Each caller has a reference of its own, as callers in other places have.
        await Task.WhenAll(names.Select(name => Grains.Get<ITurnGrain>(key).StepAsync(name)));

        Assert.Equal(40, journal.Lines.Count);
        Assert.All(journal.Lines.Chunk(2), pair => Assert.Equal(pair[0].Replace(" in", " out", StringComparison.Ordinal), pair[1]));
    }

    [Fact]
    public async Task Calls_that_a_caller_awaits_are_served_in_its_order()
    {
        var (key, journal) = NewKey();
        var names = Enumerable.Range(0, 20).Select(i => $"call {i}").ToList();

        foreach (var name in names)
            await Grains.Get<ITurnGrain>(key).ServeAsync(name, CancellationToken.None);

        Assert.Equal(names.Select(name => $"{name} served"), journal.Lines);
    }

    [Fact]
    public async Task Grains_of_other_keys_and_kinds_run_meanwhile()
    {
        var (key, journal) = NewKey();
        var (other, _) = NewKey();
        journal.Hold("long");
        var held = Grains.Get<ITurnGrain>(key).HoldAsync("long");
        await journal.ReadAsync("long in");

        var sum = await Grains.Get<ITurnGrain>(other).AddAsync(1);
        var life = await Grains.Get<ILifeGrain>(key).TouchAsync();

        Assert.Equal((1, 1, false), (sum, life, held.IsCompleted));
        journal.Release("long");
        await held;
    }

    [Fact]
    public async Task A_message_arrives_and_returns_as_it_was()
    {
        var note = new Note("words", 7, ["one", "two"]);

        var echo = await Grains.Get<ITurnGrain>(NewKey().Key).EchoAsync(note);

        Assert.Equal((note.Words, note.Number), (echo.Words, echo.Number));
        Assert.Equal(note.Tags, echo.Tags);
    }

    [Fact]
    public async Task A_grain_may_call_another()
    {
        var (callee, _) = NewKey();
        await Grains.Get<ITurnGrain>(callee).AddAsync(1);

        var sum = await Grains.Get<ICallerGrain>(NewKey().Key).AddToAsync(callee, 2);

        Assert.Equal(3, sum);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_exception_reaches_its_caller_and_leaves_the_grain_alive(bool atOnce)
    {
        var (key, _) = NewKey();
        var grain = Grains.Get<ITurnGrain>(key);
        await grain.AddAsync(5);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.ThrowAsync("no", atOnce));

        Assert.Equal("no", exception.Message);
        Assert.Equal(6, await grain.AddAsync(1));
        Assert.Equal(1, await Grains.Get<ITurnGrain>(NewKey().Key).AddAsync(1));
    }

    [Fact]
    public async Task A_call_cancelled_beforehand_does_not_reach_the_grain()
    {
        var (key, journal) = NewKey();
        var grain = Grains.Get<ITurnGrain>(key);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.ServeAsync("cancelled", new CancellationToken(canceled: true)));
        await grain.ServeAsync("next", CancellationToken.None);

        Assert.Equal(["next served"], journal.Lines);
    }

    [Fact]
    public async Task What_is_ambient_to_the_caller_stays_with_the_caller()
    {
        Ambient.Value = "the caller's";
        var grain = Grains.Get<ITurnGrain>(NewKey().Key);

        var first = await grain.AmbientAsync();
        var second = await grain.AmbientAsync();

        Assert.Equal((null, null), (first, second));
        Assert.Equal("the caller's", Ambient.Value);
    }
}
