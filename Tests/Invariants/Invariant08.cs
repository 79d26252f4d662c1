namespace Orchestrator.Tests.Invariants;

/// <summary>Whatever statement a crash, a deadlock or a serialization failure strikes: what holds without them holds with them.</summary>
public sealed class Invariant08(MoneyWorld world) : IClassFixture<MoneyWorld>
{
    [Fact]
    public void Invariant_08_After_a_fault_at_any_statement_and_a_retry_the_books_are_in_order_after_every_step()
    {
        MoneyWorld.Hold(MoneySample.Of(lanes: 2, steps: 40, faults: true), tests: 10, law: async sample =>
        {
            var run = await world.BeginAsync(sample);

            foreach (var step in sample.Steps)
            {
                await run.TakeAsync(step);
                await world.Database.LookAsync(run.Root);
            }

            await run.EndAsync();
            await run.AssertWithinBalanceAsync();
        });
        world.AssertBusy(faults: true);
    }

    [Fact]
    public void Invariant_08_With_processes_side_by_side_whose_connections_end_at_any_moment_the_books_are_in_order_at_every_look()
    {
        MoneyWorld.Hold(MoneySample.Of(lanes: 3, steps: 90, faults: true), tests: 3, law: async sample =>
        {
            var run = await world.BeginAsync(sample);

            using var done = new CancellationTokenSource();
            var strikes = Faults.StrikeAsync(world.Database, done.Token);
            await world.RaceAsync(run, sample);
            await done.CancelAsync();
            await strikes;

            await run.EndAsync();
        });
        world.AssertBusy(faults: true);
    }
}
