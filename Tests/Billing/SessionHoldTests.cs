using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

/// <summary>What a session does that lives on credit: ten seconds at first, more at a lead of four, an end 300 ms before it is spent.</summary>
public sealed class SessionHoldTests
{
    private static readonly TimeSpan Never = TimeSpan.Zero;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_asks_for_a_chunk_more_at_the_lead_whether_the_provider_ticks_or_not(bool ticks)
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);

        Live(world, 0, 5.99, ticks);
        var before = world.Asked;
        Live(world, 5.99, 6, ticks);
        var question = await world.AskedAsync();

        Assert.Equal(0, before);
        Assert.Equal((1, 20_000L), (question.Due.Run, question.Due.WantedMs));
        Assert.False(world.IsSpent);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_ends_at_the_margin_when_there_is_no_more_whether_the_provider_ticks_or_not(bool ticks)
    {
        using var world = new HoldWorld(authorisedMs: 10_000, TimeSpan.FromSeconds(30));
        world.Begin(run: 1);

        Live(world, 0, 6, ticks);
        for (var second = 6; second < 10; second++)
        {
            await world.GrantAsync(await world.AskedAsync(), authorisedMs: 10_000, TimeSpan.FromSeconds(30));
            Live(world, second, Math.Min(second + 1, 9.69), ticks);
        }

        Assert.False(world.IsSpent);
        world.AdvanceTo(9.7);
        await world.SpentAsync();
        Assert.Equal(4, world.Asked);
    }

    [Fact]
    public async Task A_mark_that_jumps_ahead_is_heard_at_once()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);

        world.AdvanceTo(1);
        world.Tick(9_800);

        await world.SpentAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2.5)]
    [InlineData(30)]
    public async Task While_nobody_answers_it_goes_on_blind_up_to_its_bound(double bound)
    {
        using var world = new HoldWorld(authorisedMs: 10_000, TimeSpan.FromSeconds(bound));
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.FailAsync(await world.AskedAsync());

        world.AdvanceTo(9.69 + bound);
        Assert.False(world.IsSpent);
        world.Tick((long)Math.Round((9.69 + bound) * 1_000));
        world.AdvanceTo(9.71 + bound);
        await world.SpentAsync();
        world.Hold.End();

        Assert.Equal((long)Math.Round(Math.Max(0, (bound - 0.31) * 1_000)), world.Run.BlindMs);
    }

    [Fact]
    public async Task Without_a_bound_it_goes_on_blind_for_as_long_as_nobody_answers()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: null);
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.FailAsync(await world.AskedAsync());

        world.AdvanceTo(3_600);

        Assert.False(world.IsSpent);
    }

    [Fact]
    public async Task Once_somebody_answers_that_there_is_no_more_it_ends()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: null);
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.FailAsync(await world.AskedAsync());
        world.AdvanceTo(6.25);
        var question = await world.AskedAsync();

        world.AdvanceTo(12);
        Assert.False(world.IsSpent);
        world.Tick(12_000);
        await world.GrantAsync(question, authorisedMs: 10_000);

        await world.SpentAsync();
        Assert.Equal(2_000, world.Run.BlindMs);
    }

    [Fact]
    public async Task Once_somebody_answers_that_there_is_more_it_lives_on_that()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: TimeSpan.FromSeconds(5));
        world.Begin(run: 1);
        world.AdvanceTo(6);
        var question = await world.AskedAsync();
        world.AdvanceTo(12);
        world.Tick(12_000);

        await world.GrantAsync(question, authorisedMs: 22_000, TimeSpan.FromSeconds(5));
        world.AdvanceTo(17.9);

        Assert.Equal((22_000, 0L), (world.Hold.AuthorisedMs, world.Run.BlindMs));
        Assert.Equal(1, world.Asked);
        // Blind again, and for the whole of its bound: what it was let go on before is held now.
        world.AdvanceTo(18);
        await world.FailAsync(await world.AskedAsync());
        world.AdvanceTo(26.6);
        Assert.False(world.IsSpent);
        world.AdvanceTo(26.7);
        await world.SpentAsync();
    }

    [Fact]
    public async Task Refused_and_topped_up_meanwhile_it_goes_on()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 10_000, Never);

        world.AdvanceTo(6.99);
        Assert.Equal(1, world.Asked);
        world.AdvanceTo(7);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 20_000, Never);
        world.AdvanceTo(15.9);

        Assert.False(world.IsSpent);
        Assert.Equal(20_000, world.Hold.AuthorisedMs);
    }

    [Fact]
    public async Task Gone_it_asks_once_a_second_and_ends_at_the_margin()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: null);
        world.Begin(run: 1);
        for (var second = 6; second < 10; second++)
        {
            world.AdvanceTo(second);
            await world.AnswerAsync(await world.AskedAsync(), new Settlement(SettlementStatus.Gone, 0, null));
        }

        world.AdvanceTo(9.7);
        await world.SpentAsync();

        Assert.Equal(4, world.Asked);
    }

    [Theory]
    [InlineData(SettlementStatus.NotYet)]
    [InlineData(SettlementStatus.Failed)]
    public async Task An_answer_that_decides_nothing_is_none_and_is_asked_for_again_a_little_later(SettlementStatus status)
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: TimeSpan.FromSeconds(30));
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.AnswerAsync(await world.AskedAsync(), new Settlement(status, 0, null));

        world.AdvanceTo(6.25);
        await world.AskedAsync();
        world.AdvanceTo(12);

        Assert.False(world.IsSpent);
        Assert.Equal(2, world.Asked);
    }

    [Fact]
    public async Task A_later_run_begins_with_a_second_and_asks_at_once()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.AdvanceTo(3);
        world.Hold.End();

        world.Begin(run: 2);
        var question = await world.AskedAsync();

        Assert.Equal(1_000, world.Hold.AuthorisedMs);
        Assert.Equal((2, 11_000L), (question.Due.Run, question.Due.WantedMs));
        world.AdvanceTo(3.69);
        Assert.False(world.IsSpent);
        await world.GrantAsync(question, authorisedMs: 11_000, Never);
        world.AdvanceTo(9.9);
        Assert.False(world.IsSpent);
        Assert.Equal(11_000, world.Hold.AuthorisedMs);
    }

    [Fact]
    public async Task A_later_run_that_nobody_answers_for_ends_with_its_second_where_it_may_not_go_on_blind()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.AdvanceTo(3);
        world.Hold.End();
        world.Begin(run: 2);

        world.AdvanceTo(3.69);
        Assert.False(world.IsSpent);
        world.AdvanceTo(3.7);

        await world.SpentAsync();
    }

    [Fact]
    public async Task An_answer_about_the_last_run_says_nothing_of_this_one()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.AdvanceTo(6);
        var late = await world.AskedAsync();
        world.Hold.End();
        world.Begin(run: 2);

        await world.GrantAsync(late, authorisedMs: 20_000, Never);
        var question = await world.AskedAsync();

        Assert.Equal(1_000, world.Hold.AuthorisedMs);
        Assert.Equal(2, question.Due.Run);
    }

    [Fact]
    public async Task Runs_that_end_before_their_second_is_over_have_one_second_together_where_nothing_is_left()
    {
        using var world = new HoldWorld(authorisedMs: 1_000, Never);
        world.Begin(run: 1);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 1_000, Never);
        world.Hold.End();

        world.Begin(run: 2);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 0, Never);
        world.AdvanceTo(0.6);
        world.Tick(600);
        world.Hold.End();
        world.Begin(run: 3);
        var question = await world.AskedAsync();

        Assert.Equal(400, world.Hold.AuthorisedMs);
        await world.GrantAsync(question, authorisedMs: 0, Never);
        world.AdvanceTo(0.7);
        await world.SpentAsync();
    }

    [Fact]
    public async Task What_the_wallets_paid_for_is_not_taken_off_the_next_runs_second()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.Hold.End();
        world.Begin(run: 2);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 0, Never);
        world.Tick(600);
        world.Hold.End();

        world.Begin(run: 3);
        await world.GrantAsync(await world.AskedAsync(), authorisedMs: 10_000, Never);
        world.Hold.End();
        world.Begin(run: 4);

        Assert.Equal(1_000, world.Hold.AuthorisedMs);
    }

    [Fact]
    public async Task Runs_go_on_blind_up_to_the_one_bound_of_their_session()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, blind: TimeSpan.FromSeconds(5));
        world.Begin(run: 1);
        world.AdvanceTo(6);
        await world.FailAsync(await world.AskedAsync());
        world.AdvanceTo(13);
        world.Tick(13_000);
        world.Hold.End();

        world.Begin(run: 2);
        // A second to begin with, and the two that are left of five.
        world.AdvanceTo(15.69);
        Assert.False(world.IsSpent);
        world.AdvanceTo(15.71);

        await world.SpentAsync();
    }

    [Fact]
    public async Task Where_no_wallet_has_an_end_any_more_it_lives_without()
    {
        using var world = new HoldWorld(authorisedMs: 10_000, Never);
        world.Begin(run: 1);
        world.AdvanceTo(6);
        var question = await world.AskedAsync();

        question.Answer.SetResult(new Settlement(SettlementStatus.Settled, 5_999, Hold: null));
        await Eventually.IsAsync("the session hears the answer", () => Task.FromResult(world.Run.SettledMs == 5_999));
        Assert.Equal(10_000, world.Hold.AuthorisedMs);
        world.AdvanceTo(3_600);

        Assert.False(world.IsSpent);
        Assert.Equal(1, world.Asked);
    }

    /// <summary>Lives from one instant to the other; a provider that ticks does so each second.</summary>
    private static void Live(HoldWorld world, double from, double to, bool ticks)
    {
        for (var second = Math.Floor(from) + 1; ticks && second <= to; second++)
        {
            world.AdvanceTo(second);
            world.Tick((long)(second * 1_000));
        }

        world.AdvanceTo(to);
    }
}
