namespace Orchestrator.Tests.Invariants;

/// <summary>What is granted is available, held, settled or debt.</summary>
public sealed class Invariant13(MoneyWorld world) : IClassFixture<MoneyWorld>
{
    [Fact]
    public void Invariant_13_At_every_look_available_and_held_and_settled_are_granted_and_debt_and_holds_are_released_once()
    {
        MoneyWorld.Hold(MoneySample.Of(lanes: 3, steps: 90, faults: true), tests: 4, law: async sample =>
        {
            var run = await world.BeginAsync(sample);

            var looks = await world.RaceAsync(run, sample);

            Assert.True(looks > 0, "Nobody looked.");
            await run.EndAsync();
        });
        world.AssertBusy(faults: true);
    }
}
