using Orchestrator.Simulator.Demo;

namespace Orchestrator.Tests.Simulator;

public class DemoFiguresTests
{
    [Theory]
    [InlineData(5000, 5000, "0.10 USD", true, "demo ok: 5.000 s generated, 5.000 s recorded, 0.10 USD charged")]
    [InlineData(61_001, 61_001, "1.24 EUR", true, "demo ok: 61.001 s generated, 61.001 s recorded, 1.24 EUR charged")]
    [InlineData(5000, 4999, "0.10 USD", false, "demo failed: the provider generated 5.000 s, but the ledger holds 4.999 s, 0.001 s too few.")]
    [InlineData(5000, 6000, "0.12 USD", false, "demo failed: the provider generated 5.000 s, but the ledger holds 6.000 s, 1.000 s too many.")]
    [InlineData(5000, 0, null, false, "demo failed: the provider generated 5.000 s, but the session has no charge; 0.000 s are in the ledger.")]
    public void The_last_line_says_whether_they_agree(long generatedMs, long recordedMs, string? charge, bool agree, string verdict)
    {
        var figures = new DemoFigures(generatedMs, recordedMs, charge);

        Assert.Equal((agree, verdict), (figures.Agree, figures.Verdict));
    }

    [Fact]
    public void What_else_does_not_add_up_fails_it()
    {
        var figures = new DemoFigures(5000, 5000, "0.10 USD", "Stripe counts it twice.");

        Assert.Equal((false, "demo failed: Stripe counts it twice."), (figures.Agree, figures.Verdict));
    }

    [Fact]
    public void What_is_recorded_is_the_sum_of_the_ledger_and_not_the_mark()
    {
        var session = Session(new SessionView.Generation(1, 9m, [new(0, 1.001m), new(1.001m, 3m)], null), new SessionView.Generation(2, 9m, [new(0, 2.5m)], null));

        var figures = DemoFigures.Of(new TruthSummary("sim-1", Open: false, Ticks: 5, MaxMilliseconds: 5500), session);

        Assert.Equal(new DemoFigures(5500, 5500, "0.12 USD"), figures);
    }

    [Theory]
    [InlineData(5240, 5.237, 5.237, true, "demo ok: 5.237 s generated, 5.237 s recorded, 0.12 USD charged")]
    [InlineData(5487, 5.237, 5.237, true, "demo ok: 5.237 s generated, 5.237 s recorded, 0.12 USD charged")]
    [InlineData(5488, 5.237, 5.237, false, "demo failed: the provider was used for 5.488 s from its answer to the end, but the gateway's clock counted 5.237 s.")]
    [InlineData(4986, 5.237, 5.237, false, "demo failed: the provider was used for 4.986 s from its answer to the end, but the gateway's clock counted 5.237 s.")]
    [InlineData(null, 5.237, 5.237, false, "demo failed: the simulator does not know how long it was used.")]
    [InlineData(5240, 5.237, 5.0, false, "demo failed: the provider generated 5.237 s, but the ledger holds 5.000 s, 0.237 s too few.")]
    public void Where_the_gateway_counts_the_provider_must_have_been_used_for_as_long(int? spanMs, double mark, double ledger, bool agree, string verdict)
    {
        var session = Session(new SessionView.Generation(1, 9m, [new(0, (decimal)ledger)], null)) with { ObservedMarkMs = (long)(mark * 1000) };

        var figures = DemoFigures.OfGatewayClock(new TruthSummary("sim-1", Open: false, Ticks: 0, MaxMilliseconds: 0, spanMs), session);

        Assert.Equal((agree, verdict), (figures.Agree, figures.Verdict));
    }

    [Fact]
    public void A_session_without_a_run_has_nothing_recorded()
    {
        var figures = DemoFigures.Of(new TruthSummary("sim-1", Open: false, Ticks: 0, MaxMilliseconds: 0), Session() with { Generations = null, Charge = null });

        Assert.False(figures.Agree);
    }

    [Fact]
    public void The_bill_shows_every_row_and_the_price()
    {
        var session = Session(
            new SessionView.Generation(1, 5m, [new(0, 3), new(3, 5.25m)], new(20_000m, "ceil", 1)),
            new SessionView.Generation(2, 1m, [], new(1_500.5m, "floor", 30)));

        Assert.Equal(
            [
                "Ledger row: run 1, from 0.000 to 3.000 s.",
                "Ledger row: run 1, from 3.000 to 5.250 s.",
                "Price locked by run 1: 0.02 USD a second, rounded up to whole seconds.",
                "Price locked by run 2: 0.0015005 USD a second, rounded down to steps of 30 s.",
            ],
            BillTeller.Lines(session));
        Assert.Equal("Charge: 0.12 USD.", BillTeller.Charge(session));
    }

    private static SessionView Session(params SessionView.Generation[] runs) =>
        new("s1", "user", new("simulator", "sim-1"), new("USD", "0.12 USD"), DateTimeOffset.UnixEpoch, runs);
}
