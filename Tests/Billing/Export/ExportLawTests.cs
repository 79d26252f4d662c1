using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>
/// Usage, faults of every kind, deaths before and after a request, new processes and two senders at once, in an order that
/// chance decides. When all is quiet, every ledger row is in one batch and the fake Stripe invoices the ledger's seconds.
/// </summary>
public sealed class ExportLawTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    private static readonly StripeFaultKind[] Faults =
    [
        StripeFaultKind.DropBeforeCommit, StripeFaultKind.DropAfterCommit, StripeFaultKind.ErrorBeforeCommit, StripeFaultKind.ErrorAfterCommit,
        StripeFaultKind.Conflict, StripeFaultKind.RateLimited, StripeFaultKind.LockTimeout,
    ];

    [Fact, Trait("Category", "Slow")]
    public void Invariant_15_16_and_18_when_quiet_the_sink_has_what_was_generated_whatever_went_wrong() =>
        Laws.Hold(Samples.SequencesOf(Steps(), max: 24, step => step.Smaller()), tests: 12, law: story => PlayAsync(story).GetAwaiter().GetResult());

    private async Task PlayAsync(Step[] story)
    {
        Exported[] tenants = [await world.AddExportedAsync(), await world.AddExportedAsync(), await world.AddExportedAsync()];
        foreach (var step in story)
            await PlayAsync(step, tenants);
        world.Stripe.Faults.Clear();
        await world.SettleDownAsync(world.Pump());

        foreach (var tenant in tenants)
        {
            // The runs are open, so the last second is whole or not yet billed.
            Assert.Equal(tenant.RecordedMs / 1000, (long)world.InvoicedTo(tenant.Customer));
            Assert.Equal(tenant.RecordedMs, await Sum("SELECT sum(to_ms - from_ms)::bigint FROM usage_ledger WHERE generation_id = $1", tenant.Run.Id!));
            Assert.Equal(tenant.RecordedMs / 1000, await Sum("SELECT sum(value)::bigint FROM export_event WHERE target_id = $1 AND state = 'sent'", tenant.Target));
            Assert.Equal(tenant.RecordedMs / 1000, await Sum("SELECT sum(seconds)::bigint FROM export_item WHERE target_id = $1", tenant.Target));
        }

        Assert.Equal(0, await Sum("""
            SELECT count(*) FROM (SELECT l.id FROM export_target t JOIN ledger_charge c ON c.payer_id = t.tenant_id JOIN usage_ledger l ON l.id = c.ledger_id
              LEFT JOIN export_item i ON i.ledger_id = l.id AND i.target_id = t.id GROUP BY t.id, l.id HAVING count(i.ledger_id) <> 1) AS x
            """));
        var counts = world.Stripe.Counts;
        Assert.Equal((0, 0, 0), (counts.ConcurrencyConflicts, counts.KeyMismatches, counts.KeyConflicts));
        Assert.Empty(world.Stripe.ContractViolations);
    }

    private async Task PlayAsync(Step step, Exported[] tenants)
    {
        var tenant = tenants[step.Tenant];
        switch (step.Kind)
        {
            case StepKind.Use:
                await world.RecordAsync(tenant, 1 + step.Amount);
                break;
            case StepKind.Fault:
                world.Stripe.Faults.Add(new(new(Faults[step.Amount % Faults.Length], step.Amount % 3 == 0 ? 1 : null), Count: 1 + step.Amount % 3, Customer: tenant.Customer));
                break;
            case StepKind.Pump:
                await world.PassAsync(TimeSpan.FromSeconds(step.Amount % 100));
                await world.Pump().RunAsync(CancellationToken.None);
                break;
            case StepKind.TwoPumps:
                await world.PassAsync(TimeSpan.FromMinutes(6));
                await Task.WhenAll(world.Pump().RunAsync(CancellationToken.None), world.Pump().RunAsync(CancellationToken.None));
                break;
            case StepKind.Die:
                await world.PassAsync(TimeSpan.FromMinutes(6));
                using (var death = new CancellationTokenSource())
                {
                    var dying = world.Pump(new CrashingSink(world.Sink, afterwards: step.Amount % 2 == 0, death));
                    try
                    {
                        await dying.RunAsync(death.Token);
                    }
                    catch (OperationCanceledException)
                    {
                        // It had something to send, and died of it.
                    }
                }

                break;
        }
    }

    private Task<long> Sum(string sql, params object[] values) => SumAsync(sql, values);

    private async Task<long> SumAsync(string sql, object[] values) => (await world.Database.ListAsync<long?>(sql, values)).Single() ?? 0;

    private static Gen<Step> Steps() =>
        from kind in Gen.Elements(StepKind.Use, StepKind.Use, StepKind.Use, StepKind.Fault, StepKind.Fault, StepKind.Pump, StepKind.Pump, StepKind.TwoPumps, StepKind.Die)
        from tenant in Gen.Choose(0, 2)
        from amount in Gen.Choose(0, 30_000)
        select new Step(kind, tenant, amount);

    internal enum StepKind
    {
        Use,
        Fault,
        Pump,
        TwoPumps,
        Die,
    }

    internal sealed record Step(StepKind Kind, int Tenant, int Amount)
    {
        public IEnumerable<Step> Smaller() => Amount > 1_000 ? [this with { Amount = 1_000 }] : [];
    }
}
