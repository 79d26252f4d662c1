using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Tests.Billing.Reconciliation;

/// <summary>Our own rows against each other, and against the provider.</summary>
public sealed class ContradictionTests : IAsyncLifetime
{
    private readonly ReconciliationWorld _world = new();

    public Task InitializeAsync() => _world.InitializeAsync();

    public Task DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Invariant_24_every_row_that_contradicts_another_is_found_with_its_session()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await FillWalletAsync(billed);
        var runs = new List<long>();
        foreach (var i in Enumerable.Range(1, 6))
            runs.Add(await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-i), 10 * i));
        await _world.ExportAsync();
        var clean = await _world.ReconcileAsync();

        await _world.Database.ExecuteAsync("UPDATE generation SET settled_ms = settled_ms - 1000 WHERE id = $1", runs[0]);
        await _world.Database.ExecuteAsync("UPDATE session SET generated_ms = generated_ms + 1 WHERE id = (SELECT session_id FROM generation WHERE id = $1)", runs[1]);
        await _world.Database.ExecuteAsync("UPDATE generation SET claimed_ms = ledgered_ms + 5000 WHERE id = $1", runs[2]);
        await _world.Database.ExecuteAsync("UPDATE export_item SET seconds = seconds - 3 WHERE ledger_id = (SELECT id FROM usage_ledger WHERE generation_id = $1)", runs[3]);
        await _world.Database.ExecuteAsync("UPDATE wallet SET held_micros = held_micros + 7, granted_micros = granted_micros + 9");
        await _world.Database.ExecuteAsync(
            "INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms, recorded_at) VALUES ($1, $2, 70000, 74000, $3)",
            runs[5], billed.Tenant.Id.Value, _world.Now.AddDays(-6).UtcDateTime);
        var report = await _world.ReconcileAsync();

        Assert.Empty(clean.Findings);
        Assert.Equal(
            [
                FindingKind.Unexported, FindingKind.ItemDiffers, FindingKind.BatchDiffers, FindingKind.LedgerDiffers, FindingKind.SessionDiffers, FindingKind.Unsettled,
                FindingKind.SettledDiffers, FindingKind.HeldDiffers, FindingKind.GrantedDiffers, FindingKind.ClaimUnbilled,
            ],
            report.Findings.Select(finding => finding.Kind).Order());
        Assert.All(report.Findings.Where(finding => finding.Kind is not (FindingKind.BatchDiffers or FindingKind.GrantedDiffers)),
            finding => Assert.NotNull(Assert.Single(finding.Sources).Session));
        Assert.Equal(5m, report.Findings.Single(finding => finding.Kind is FindingKind.ClaimUnbilled).Amount);
    }

    [Fact]
    public async Task Invariant_30_what_the_provider_claims_beyond_the_ledger_is_measured_by_close_reason()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-1), 60);
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-1), 30, "owner_lost", claimedMs: 34_000);
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-1), 10, "owner_lost");

        var report = await _world.ReconcileAsync();

        Assert.Equal(
            [("completed", 1L, 60_000L, 60_000L, 0L), ("owner_lost", 2L, 44_000L, 40_000L, 4_000L)],
            report.Drift.Select(row => (row.CloseReason, row.Runs, row.ProviderMs, row.LedgerMs, row.UnbilledMs)));
    }

    [Fact]
    public async Task Invariant_30_what_was_billed_beyond_the_provider_s_invoice_is_given_back_once_and_never_from_the_ledger()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await FillWalletAsync(billed);
        var run = await _world.RecordAsync(billed.Tenant, _world.Now.AddHours(-5), 60);
        await _world.RecordAsync(billed.Tenant, _world.Now.AddHours(-6), 100);
        await _world.ExportAsync(TimeSpan.FromHours(4));
        var order = new ReconciliationOrder(ReconciliationCause.Command)
        {
            Invoice = [new InvoicedSession($"upstream {run}", 45_000)], Correction = new CorrectionOrder("ann", "the provider counted less"),
        };

        var first = await _world.Reconciler().RunAsync(order, CancellationToken.None);
        await _world.Export.SettleDownAsync(_world.Export.Pump());
        var second = await _world.Reconciler().RunAsync(order, CancellationToken.None);

        Assert.Equal((FindingKind.InvoiceBelow, 15m), (Assert.Single(first!.Findings).Kind, first.Findings[0].Amount));
        Assert.True(Assert.Single(first.Corrections).IsDone, first.Corrections[0].Action);
        Assert.Equal((0, 1), (second!.Findings.Count, second.Corrected));
        Assert.Equal(["correction 150000 -15 ann"], await _world.Database.ListAsync<string>(
            "SELECT format('%s %s %s %s', kind, micros, seconds, actor) FROM wallet_entry WHERE generation_id = $1", run));
        Assert.Equal(145, _world.Export.InvoicedTo("cus_1"));
        Assert.Equal(60_000, await _world.Database.ReadAsync<decimal>("SELECT sum(to_ms - from_ms) FROM usage_ledger WHERE generation_id = $1", run));
        Assert.Equal(1, _world.Stripe.Counts.Cancelled);
    }

    [Fact]
    public async Task The_schedule_keeps_what_it_found_and_one_of_two_processes_looks()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-1), 60, claimedMs: 63_000);
        await _world.ExportAsync();
        var options = new ReconciliationOptions { NotBefore = TimeSpan.Zero };

        await Task.WhenAll(_world.Reconciler(options).RunDueAsync(CancellationToken.None), _world.Reconciler(options).RunDueAsync(CancellationToken.None));
        await _world.Reconciler(options).RunDueAsync(CancellationToken.None);

        Assert.Equal(["scheduled 1 claim_unbilled 3.0"], await _world.Database.ListAsync<string>(
            "SELECT format('%s %s %s %s', r.kind, r.findings, f.kind, round(f.seconds, 1)) FROM reconciliation_run r JOIN reconciliation_finding f ON f.run_id = r.id"));
    }

    private async Task FillWalletAsync(Billed billed)
    {
        var wallets = new WalletStore(_world.Database.Database);
        await wallets.PutAsync(billed.Tenant.Id, creditLimit: null, blindSeconds: null, [], "ann");
        await wallets.PostAsync(billed.Tenant.Id, new WalletPosting("first", WalletEntryKind.TopUp, 5_000_000, "ann", "paid"));
    }
}
