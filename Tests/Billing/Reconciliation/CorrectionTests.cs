using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Tests.Billing.Reconciliation;

/// <summary>What is put right by order, with rows of its own.</summary>
public sealed class CorrectionTests : IAsyncLifetime
{
    private static readonly CorrectionOrder Order = new("ann", "the meter was written to by hand");

    private readonly ReconciliationWorld _world = new();

    public Task InitializeAsync() => _world.InitializeAsync();

    public Task DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData(3, true)]
    [InlineData(30, false)]
    public async Task Invariant_25_what_is_too_much_is_taken_back_within_a_day_and_netted_after(int sentHoursAgo, bool isTakenBack)
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await new WalletStore(_world.Database.Database).PutAsync(billed.Tenant.Id, creditLimit: null, blindSeconds: null, [], "ann");
        var at = _world.Now.AddHours(-sentHoursAgo - 2);
        await _world.RecordAsync(billed.Tenant, at, 60);
        await _world.ExportAsync(TimeSpan.FromHours(sentHoursAgo));
        await _world.CountAsync("cus_1", 7, at);

        var corrected = await _world.ReconcileAsync(Order);
        var again = await _world.ReconcileAsync(Order);
        await _world.Export.SettleDownAsync(_world.Export.Pump());
        if (!isTakenBack)
        {
            await _world.RecordAsync(billed.Tenant, _world.Now, 20);
            await _world.Export.SettleDownAsync(_world.Export.Pump());
        }

        var finding = Assert.Single(corrected.Findings);
        Assert.Equal((FindingKind.Extra, 7m), (finding.Kind, finding.Amount));
        Assert.True(Assert.Single(corrected.Corrections).IsDone, corrected.Corrections[0].Action);
        Assert.Equal((true, 1), (again.Findings.All(one => one.Kind is FindingKind.Unsent), again.Corrected));
        Assert.Equal(isTakenBack ? 60 : 80, _world.Export.InvoicedTo("cus_1"));
        Assert.Equal(isTakenBack ? 1 : 0, _world.Stripe.Counts.Cancelled);
        Assert.Equal(["ann -7 0"], await _world.Database.ListAsync<string>("SELECT format('%s %s %s', actor, seconds, micros) FROM wallet_entry WHERE kind = 'correction'"));
        Assert.Empty((await _world.ReconcileAsync()).Findings);
    }

    [Fact]
    public async Task Invariant_23_what_a_report_did_not_name_is_found_by_its_request_and_each_row_counts_once_in_the_end()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        foreach (var i in Enumerable.Range(1, 4))
            await _world.RecordAsync(billed.Tenant, _world.Now.AddHours(-20 - i), 10 * i);
        await _world.ExportAsync();
        _world.Stripe.Settings = new StripeSettings { SampleErrors = 1 };
        foreach (var sent in (await _world.SentAsync()).Take(3))
            _world.Stripe.Fail(sent.Identifier);
        var inbox = new WebhookInboxStore(_world.Database.Database);
        foreach (var report in _world.Stripe.ReportErrors())
            await inbox.AddAsync(new StripeNotification(report, StripeNotification.MeterErrors), CancellationToken.None);
        await _world.Export.Reports().RunAsync(CancellationToken.None);
        var reconciler = _world.Reconciler(new ReconciliationOptions { NotBefore = TimeSpan.Parse("23:59:59") });

        await reconciler.RunDueAsync(CancellationToken.None);
        var early = await _world.Database.ReadAsync<long>("SELECT count(*) FROM reconciliation_run WHERE kind = 'request'");
        await _world.Database.ExecuteAsync("UPDATE reconciliation_request SET requested_at = requested_at - interval '3 hours', to_at = to_at - interval '3 hours'");
        await reconciler.RunDueAsync(CancellationToken.None);
        var found = await _world.Database.ListAsync<string>(
            "SELECT f.kind FROM reconciliation_finding f JOIN reconciliation_run r ON r.id = f.run_id WHERE r.kind = 'request' ORDER BY 1");
        var corrected = await _world.ReconcileAsync(Order);
        await _world.Database.ExecuteAsync(
            "UPDATE export_event SET reissue = true WHERE state = 'failed_async' AND NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = export_event.id)");
        await _world.Export.SettleDownAsync(_world.Export.Pump());

        Assert.Equal(0, early);
        Assert.Equal(["failed_async", "missing", "missing"], found);
        Assert.Equal(0, await _world.Database.ReadAsync<long>("SELECT count(*) FROM reconciliation_request WHERE done_at IS NULL"));
        Assert.Equal(2, corrected.Corrections.Count(correction => correction.IsDone));
        Assert.Equal((100m, 4), (_world.Export.InvoicedTo("cus_1"), _world.Stripe.Sums().Sum(sum => sum.Events)));
        Assert.Equal(4, await _world.Database.ReadAsync<long>(
            "SELECT count(DISTINCT ledger_id) FROM export_item i JOIN export_event e ON e.id = i.export_event_id WHERE e.state = 'sent'"));
    }

    [Fact]
    public async Task Invariant_24_a_batch_of_unknown_fate_is_confirmed_or_issued_anew_as_the_count_proves()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        foreach (var i in Enumerable.Range(1, 3))
            await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-3).AddHours(-i), 10 * i);
        await _world.ExportAsync();
        var sent = await _world.SentAsync();
        await _world.Database.ExecuteAsync(
            "UPDATE export_event SET state = 'uncertain', sent_at = NULL, unknown_since = clock_timestamp() - interval '2 days' WHERE value IN (10, 20)");
        _world.Stripe.Fail(sent.Single(one => one.Value == 10).Identifier);

        var seen = await _world.ReconcileAsync();
        var corrected = await _world.ReconcileAsync(Order);
        await _world.Export.SettleDownAsync(_world.Export.Pump());

        Assert.Equal(
            [(10m, SinkProof.Absent), (20m, SinkProof.Present)],
            seen.Findings.Where(finding => finding.Kind is FindingKind.Uncertain).OrderBy(finding => finding.Amount).Select(finding => (finding.Amount, finding.Proof)));
        Assert.Equal(2, seen.Findings.Count);
        Assert.All(corrected.Corrections, correction => Assert.True(correction.IsDone, correction.Action));
        Assert.Equal(60, _world.Export.InvoicedTo("cus_1"));
        Assert.Equal(["sent", "sent", "sent", "uncertain"], (await _world.Export.StatesAsync(billed.Target)).Order());
        Assert.Empty((await _world.ReconcileAsync()).Findings);
    }

    [Fact]
    public async Task Invariant_24_a_wallet_without_which_nothing_can_be_netted_is_asked_for()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-2), 60);
        await _world.ExportAsync();
        await _world.CountAsync("cus_1", 7, _world.Now.AddDays(-2));

        var report = await _world.ReconcileAsync(Order);

        var correction = Assert.Single(report.Corrections);
        Assert.False(correction.IsDone);
        Assert.Contains("has no wallet", correction.Action, StringComparison.Ordinal);
        Assert.Equal(0, await _world.Database.ReadAsync<long>("SELECT count(*) FROM reconciliation_correction"));
    }

    [Fact]
    public async Task What_was_acknowledged_a_moment_ago_may_still_be_on_its_way_into_the_count()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await _world.RecordAsync(billed.Tenant, _world.Now.AddDays(-2), 60);
        await _world.ExportAsync(TimeSpan.FromMinutes(10));
        _world.Stripe.Settings = new StripeSettings { SummaryLag = TimeSpan.FromHours(1) };

        var soon = await _world.ReconcileAsync();
        await _world.Database.ExecuteAsync("UPDATE export_event SET sent_at = sent_at - interval '5 hours'");
        var late = await _world.ReconcileAsync();

        Assert.Empty(soon.Findings);
        Assert.Equal((FindingKind.Missing, 60m), (Assert.Single(late.Findings).Kind, late.Findings[0].Amount));
    }

    [Fact]
    public async Task Invariant_25_what_is_asked_back_goes_out_again_only_with_what_was_taken_off_it()
    {
        var billed = await _world.AddBilledAsync("cus_1");
        await new WalletStore(_world.Database.Database).PutAsync(billed.Tenant.Id, creditLimit: null, blindSeconds: null, [], "ann");
        var at = _world.Now.AddHours(-5);
        await _world.RecordAsync(billed.Tenant, at, 60);
        await _world.ExportAsync(TimeSpan.FromHours(3));
        await _world.CountAsync("cus_1", 7, at);
        await _world.ReconcileAsync(Order);
        await _world.Database.ExecuteAsync("UPDATE export_event SET state = 'cancelled', reissue = true WHERE state = 'cancelling'");

        var early = await _world.Export.Reissue.ReissueAsync([], (_, _) => throw new InvalidOperationException("The correction is not frozen yet."), CancellationToken.None);
        await _world.Export.Pump().FreezeAsync(CancellationToken.None);

        Assert.Null(early.Target);
        Assert.Equal([53L], await _world.Database.ListAsync<long>("SELECT value FROM export_event WHERE replaces IS NOT NULL"));
    }
}
