namespace Orchestrator.Tests.Hosting;

public partial class GrainChecks
{
    [Fact]
    public async Task A_callback_reaches_its_owner_and_brings_back_the_answer()
    {
        var (_, heard) = NewKey();
        using var listener = Grains.Share<IListener>(new Listener(heard));

        var answer = await Grains.Get<ICallerGrain>(NewKey().Key).TellAsync(listener.Reference, "hello");

        Assert.Equal("HELLO", answer);
        Assert.Equal(["hello in", "hello out"], heard.Lines);
    }

    [Fact]
    public async Task Callbacks_run_one_at_a_time()
    {
        var (_, heard) = NewKey();
        using var listener = Grains.Share<IListener>(new Listener(heard));
        var words = Enumerable.Range(0, 10).Select(i => $"word {i}").ToList();

        await Grains.Get<ICallerGrain>(NewKey().Key).TellAllAsync(listener.Reference, words);

        Assert.Equal(20, heard.Lines.Count);
        Assert.All(heard.Lines.Chunk(2), pair => Assert.Equal(pair[0].Replace(" in", " out", StringComparison.Ordinal), pair[1]));
    }

    [Fact]
    public async Task A_failing_callback_tells_the_grain()
    {
        var (_, heard) = NewKey();
        using var listener = Grains.Share<IListener>(new Listener(heard));
        var grain = Grains.Get<ICallerGrain>(NewKey().Key);
        heard.Fail("no");

        await Assert.ThrowsAsync<InvalidOperationException>(() => grain.TellAsync(listener.Reference, "no"));

        Assert.Equal("YES", await grain.TellAsync(listener.Reference, "yes"));
    }

    [Fact]
    public async Task A_deleted_callback_answers_gone()
    {
        var (_, heard) = NewKey();
        var listener = Grains.Share<IListener>(new Listener(heard));
        listener.Dispose();

        var answer = await Grains.Get<ICallerGrain>(NewKey().Key).TellAsync(listener.Reference, "hello");

        Assert.Equal("gone", answer);
        Assert.Empty(heard.Lines);
    }

    [Fact]
    public async Task A_raw_object_is_no_callback()
    {
        var (key, journal) = NewKey();
        var (_, heard) = NewKey();

        await Assert.ThrowsAnyAsync<Exception>(() => Grains.Get<ICallerGrain>(key).TellAsync(new Listener(heard), "hello"));

        Assert.Empty(journal.Lines.Concat(heard.Lines));
    }

    [Fact]
    public async Task A_pump_runs_beside_the_turns()
    {
        var (key, journal) = NewKey();
        using var listener = Grains.Share<IListener>(new Listener(journal));
        var grain = Grains.Get<IPumpGrain>(key);
        journal.Hold("hello");

        await grain.PumpAsync(listener.Reference, "hello");
        await journal.ReadAsync("hello in");
        await grain.WriteAsync("a call meanwhile");
        journal.Release("hello");
        await journal.ReadAsync("pump heard HELLO");

        Assert.Equal(["pump in", "hello in", "a call meanwhile", "hello out", "pump heard HELLO"], journal.Lines);
    }

    [Fact]
    public async Task A_pump_ends_before_its_grain()
    {
        var (key, journal) = NewKey();
        using var listener = Grains.Share<IListener>(new Listener(journal));
        var grain = Grains.Get<IPumpGrain>(key);
        await grain.PumpAsync(listener.Reference, "hello");
        await journal.ReadAsync("pump heard HELLO");

        await grain.EndAsync();
        await journal.ReadAsync("died");
        await grain.WriteAsync("the next life");

        Assert.Equal(["dying", "pump out", "died", "the next life"], journal.Lines.TakeLast(4));
    }
}
