using System.Text.Json;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>What only strict mode shows: how this host lays bare what a cluster would do to a program.</summary>
public sealed class StrictModeTests : IAsyncLifetime
{
    private readonly GrainHost _host = Start(endProbability: 0);

    public Task InitializeAsync() => Task.CompletedTask;
    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_grain_that_keeps_an_argument_sees_no_later_change()
    {
        var grain = _host.Grains.Get<IKeeperGrain>("keeper");
        var basket = new Basket { Things = ["bread"] };

        await grain.KeepAsync(basket);
        basket.Things.Add("salt");

        Assert.Equal("bread", await grain.KeptAsync());
    }

    [Fact]
    public async Task An_argument_is_copied_when_the_call_is_made_not_when_it_is_served()
    {
        var grain = _host.Grains.Get<IKeeperGrain>("keeper");
        var basket = new Basket { Things = ["bread"] };
        _host.Journals.Of("keeper").Hold("gate");

        var held = grain.HoldAsync("gate");
        await _host.Journals.Of("keeper").ReadAsync("gate in");
        var kept = grain.KeepAsync(basket);
        basket.Things.Add("salt");
        _host.Journals.Of("keeper").Release("gate");
        await Task.WhenAll(held, kept);

        Assert.Equal("bread", await grain.KeptAsync());
    }

    [Fact]
    public async Task A_caller_that_changes_an_answer_changes_nothing_in_the_grain()
    {
        var grain = _host.Grains.Get<IKeeperGrain>("keeper");
        await grain.KeepAsync(new Basket { Things = ["bread"] });

        (await grain.AnswerAsync()).Things.Add("salt");

        Assert.Equal("bread", await grain.KeptAsync());
    }

    [Fact]
    public async Task Cases_of_a_family_arrive_as_what_they_were()
    {
        var shape = new Shape.Group([new Shape.Circle(3), new Shape.Group([])]);

        var echo = await _host.Grains.Get<IKeeperGrain>("keeper").EchoAsync(shape);

        var members = Assert.IsType<Shape.Group>(echo).Members;
        Assert.Equal(new Shape.Circle(3), members[0]);
        Assert.Empty(Assert.IsType<Shape.Group>(members[1]).Members);
    }

    [Fact]
    public async Task What_cannot_travel_is_refused_before_it_reaches_the_grain()
    {
        var grain = _host.Grains.Get<IKeeperGrain>("keeper");
        using var handle = new ManualResetEvent(false);

        await Assert.ThrowsAnyAsync<Exception>(() => grain.TakeAsync(new Unruly.Forgotten()));
        await Assert.ThrowsAnyAsync<Exception>(() => grain.TakeHandleAsync(handle));

        Assert.Empty(_host.Journals.Of("keeper").Lines);
        Assert.Equal("", await grain.KeptAsync());
    }

    [Fact]
    public async Task An_answer_that_cannot_travel_fails_its_call_and_not_the_grain()
    {
        var grain = _host.Grains.Get<IKeeperGrain>("keeper");
        await grain.KeepAsync(new Basket { Things = ["bread"] });

        var exception = await Assert.ThrowsAnyAsync<Exception>(grain.GiveAsync);

        Assert.True(exception is NotSupportedException or JsonException, exception.ToString());
        Assert.Equal("bread", await grain.KeptAsync());
    }

    [Fact]
    public async Task A_call_times_out_with_its_outcome_unknown()
    {
        var journal = _host.Journals.Of("slow");
        var grain = _host.Grains.Get<ITurnGrain>("slow");
        journal.Hold("gate");

        var call = grain.HoldAsync("gate");
        await journal.ReadAsync("gate in");
        _host.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.False(call.IsCompleted);
        _host.Time.Advance(TimeSpan.FromTicks(1));

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        journal.Release("gate");
        // The caller gave up; the grain did not.
        await journal.ReadAsync("gate out");
        Assert.Equal(1, await grain.AddAsync(1));
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", "b", "a")]
    [InlineData("a", "b", "c", "b")]
    public async Task A_cycle_of_calls_throws(string first, params string[] rest)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _host.Grains.Get<IRingGrain>(first).PassOnAsync(rest));

        Assert.Contains("cycle", exception.Message, StringComparison.Ordinal);
        Assert.Equal(3, await _host.Grains.Get<IRingGrain>("a").PassOnAsync(["b", "c"]));
    }

    [Fact]
    public async Task A_cycle_through_a_callback_throws()
    {
        using var listener = _host.Grains.Share<IListener>(new CallingBack(_host.Grains));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _host.Grains.Get<IRingGrain>("a").TellAsync(listener.Reference));

        Assert.Contains("cycle", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timer_turn_that_calls_its_own_grain_throws()
    {
        await _host.Grains.Get<IRingGrain>("a").StartTimerAsync();

        _host.Time.Advance(TimeSpan.FromSeconds(1));

        await _host.Journals.Of("a").ReadAsync("cycle refused");
    }

    [Fact]
    public async Task A_birth_that_calls_its_own_grain_throws()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _host.Grains.Get<IRingGrain>(RingGrain.BornCalling).PassOnAsync([]));

        Assert.Contains("cycle", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_callers_of_one_grain_are_no_cycle()
    {
        var sums = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _host.Grains.Get<IRingGrain>($"caller {i}").PassOnAsync(["shared"])));

        Assert.All(sums, sum => Assert.Equal(2, sum));
    }

    [Fact]
    public async Task A_raw_callback_is_refused_by_name()
    {
        var raw = new CallingBack(_host.Grains);

        var exception = await Assert.ThrowsAsync<ArgumentException>(() => _host.Grains.Get<IRingGrain>("a").TellAsync(raw));

        Assert.Contains(nameof(CallingBack), exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Grains_end_at_random_between_calls_and_the_seed_repeats_it(int seed)
    {
        var first = await LivesAsync(seed);
        var second = await LivesAsync(seed);

        Assert.Equal(first, second);
        Assert.InRange(first.Distinct().Count(), 2, first.Count - 1);
        Assert.Equal(first.Order(), first);
    }

    [Fact]
    public async Task A_grain_that_ended_at_random_has_lost_its_state_and_answers_all_the_same()
    {
        await using var host = Start(endProbability: 0.3);
        var grain = host.Grains.Get<ITurnGrain>("sum");

        var sums = new List<int>();
        for (var i = 0; i < 100; i++)
            sums.Add(await grain.AddAsync(1));

        Assert.All(sums.Zip(sums.Skip(1)), pair => Assert.True(pair.Second == pair.First + 1 || pair.Second == 1, $"{pair.First} then {pair.Second}"));
        Assert.Contains(sums.Skip(1), sum => sum == 1);
        Assert.Contains(sums, sum => sum > 1);
    }

    private static async Task<List<int>> LivesAsync(int seed)
    {
        await using var host = Start(endProbability: 0.3, seed);
        var lives = new List<int>();
        for (var i = 0; i < 40; i++)
            lives.Add(await host.Grains.Get<ILifeGrain>("life").TouchAsync());
        return lives;
    }

    private static GrainHost Start(double endProbability, int seed = 0) => GrainHost.Start(
        new InProcessGrainsOptions { Strict = true, EndProbability = endProbability, Seed = seed },
        services =>
        {
            InProcessGrainChecks.AddGrains(services);
            services.AddGrain<IKeeperGrain, KeeperGrain>().AddGrain<IRingGrain, RingGrain>();
        });

    /// <summary>Calls the grain that calls it.</summary>
    private sealed class CallingBack(IGrains grains) : IListener
    {
        public async Task<string> HearAsync(string words) => $"{await grains.Get<IRingGrain>(words).PassOnAsync([])}";
    }
}
