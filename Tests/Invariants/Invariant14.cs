namespace Orchestrator.Tests.Invariants;

/// <summary>Nobody spends what is not there.</summary>
public sealed class Invariant14(MoneyWorld world) : IClassFixture<MoneyWorld>
{
    [Fact]
    public void Invariant_14_Sessions_that_race_for_the_last_credit_settle_no_more_than_the_balance_and_one_second_each()
    {
        MoneyWorld.Hold(MoneySample.Of(lanes: 3, steps: 120, faults: false, seconds: 30), tests: 6, law: async sample =>
        {
            var run = await world.BeginAsync(sample);

            await world.RaceAsync(run, sample);

            await run.EndAsync();
            await run.AssertWithinBalanceAsync();
        });
        world.AssertBusy(faults: false);
    }
}
