using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Tests.Billing.Reconciliation;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildTokens;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>What responses used, on its way to meters that count one kind each.</summary>
public sealed class TokenExportTests : IAsyncLifetime
{
    private readonly ReconciliationWorld _world = new();
    private Customer _reseller = null!;
    private Customer _customer = null!;

    public async Task InitializeAsync()
    {
        await _world.InitializeAsync();
        _reseller = await _world.Database.AddCustomerAsync();
        _customer = await _world.Database.AddCustomerAsync(_reseller);
        await _world.Database.PriceTokensAsync(_reseller.Id);
        await _world.Database.PriceTokensAsync(_customer.Id);
    }

    public Task DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_kind_goes_to_its_meter_once_for_every_payer_on_the_way_up_and_no_other_kind_does()
    {
        var spoken = await AddTargetAsync(_customer, "audio_tokens", "cus_1", UsageUnit.AudioOut);
        await AddTargetAsync(_customer, "text_tokens", "cus_1", UsageUnit.TextIn);
        await AddTargetAsync(_reseller, "audio_tokens", "cus_2", UsageUnit.AudioOut);
        var session = await _world.Export.AddSessionAsync(_customer);
        await _world.Export.UseAsync(Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91), Used(session, "resp_2", 5, null, 0, 0, 0, 0, 0, null));
        await ExportAsync(events: 3);

        await _world.Export.UseAsync(Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91), Used(session, "resp_3", 0, 0, 0, 0, 0, 0, 0, 9));
        await ExportAsync(events: 5);

        Assert.Equal(
            [("audio_tokens", "cus_1", 100m), ("audio_tokens", "cus_2", 100m), ("text_tokens", "cus_1", 60m)],
            _world.Stripe.Sums().Select(sum => (sum.EventName, sum.Customer, sum.Total)).Order());
        Assert.Equal(2, await _world.Database.ReadAsync<long>("SELECT count(*) FROM export_item WHERE target_id = $1 AND token_usage_id IS NOT NULL", spoken));
        Assert.Empty((await _world.ReconcileAsync()).Findings);
        Assert.Empty(_world.Stripe.ContractViolations);
    }

    [Fact]
    public async Task Seconds_do_not_reach_a_meter_of_tokens_nor_do_corrections_of_seconds()
    {
        await AddTargetAsync(_customer, "audio_tokens", "cus_1", UsageUnit.AudioOut);
        await AddTargetAsync(_customer, ExportWorld.EventName, "cus_1", UsageUnit.Seconds);
        await _world.Database.AddWalletAsync(_customer.Id, 1_000_000);
        var run = await _world.Export.AddRunAsync(_customer);
        await _world.Export.RecordAsync(_customer, run, 0, 9_000);
        await _world.Database.ExecuteAsync(
            "INSERT INTO wallet_entry (tenant_id, key, kind, micros, actor, reason, seconds) VALUES ($1, 'goodwill', 'correction', 0, 'a test', 'too slow', -2)",
            _customer.Id.Value);
        var session = await _world.Export.AddSessionAsync(_customer);
        await _world.Export.UseAsync(Used(session, "resp_1", 0, 0, 0, 0, 0, 0, 0, 40));

        await ExportAsync(events: 2);

        Assert.Equal(
            [("audio_tokens", 40m), (ExportWorld.EventName, 7m)], _world.Stripe.Sums().Select(sum => (sum.EventName, sum.Total)).Order());
    }

    [Fact]
    public async Task A_meter_that_counts_seconds_takes_no_tokens_whoever_tries()
    {
        var seconds = await AddTargetAsync(_customer, ExportWorld.EventName, "cus_1", UsageUnit.Seconds);
        var tokens = await AddTargetAsync(_customer, "audio_tokens", "cus_1", UsageUnit.AudioOut);
        var run = await _world.Export.AddRunAsync(_customer);
        await _world.Export.RecordAsync(_customer, run, 0, 9_000);
        await ExportAsync(events: 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => AddTargetAsync(_reseller, ExportWorld.EventName, "cus_1", UsageUnit.AudioOut));
        // As a program would do it that knows of no units.
        var wrong = await Assert.ThrowsAsync<PostgresException>(() => _world.Database.ExecuteAsync(
            "INSERT INTO export_item (ledger_id, target_id, export_event_id, seconds) SELECT ledger_id, $2, export_event_id, seconds FROM export_item WHERE target_id = $1",
            seconds, tokens));

        Assert.Equal(PostgresErrorCodes.RestrictViolation, wrong.SqlState);
    }

    [Fact]
    public async Task A_response_that_no_batch_holds_is_found_with_its_session()
    {
        var target = await AddTargetAsync(_customer, "audio_tokens", "cus_1", UsageUnit.AudioOut);
        var session = await _world.Export.AddSessionAsync(_customer);
        await _world.Export.UseAsync(Used(session, "resp_1", 0, 0, 0, 0, 0, 0, 0, 40));
        await ExportAsync(events: 1);
        await _world.Database.ExecuteAsync("DELETE FROM export_item WHERE target_id = $1", target);
        // What is a moment old may still be on its way: the comparison begins a while back.
        await _world.Database.ExecuteAsync("""
            ALTER TABLE token_usage DISABLE TRIGGER token_usage_append_only;
            UPDATE token_usage SET recorded_at = recorded_at - interval '1 day';
            ALTER TABLE token_usage ENABLE TRIGGER token_usage_append_only;
            UPDATE export_target SET active_from = active_from - interval '2 days';
            """);

        var report = await _world.ReconcileAsync();

        var finding = Assert.Single(report.Findings, finding => finding.Kind is FindingKind.Unexported);
        Assert.Equal((40m, UsageUnit.AudioOut, session.Session), (finding.Amount, finding.Unit, Assert.Single(finding.Sources).Session!.Value));
        // Its batch is a finding of its own; tokens are not added to seconds.
        Assert.Equal((0m, 80m), (report.UnexplainedSeconds, report.Unexplained[UsageUnit.AudioOut]));
    }

    [Fact]
    public async Task A_batch_of_tokens_that_was_refused_is_found_with_its_unit_and_its_sessions()
    {
        var target = await AddTargetAsync(_customer, "audio_tokens", "cus_1", UsageUnit.AudioOut);
        var session = await _world.Export.AddSessionAsync(_customer);
        await _world.Export.UseAsync(Used(session, "resp_1", 0, 0, 0, 0, 0, 0, 0, 40));
        await ExportAsync(events: 1);
        await _world.Database.ExecuteAsync("UPDATE export_event SET state = 'rejected', last_error = 'the test says so' WHERE target_id = $1", target);

        var finding = Assert.Single((await _world.ReconcileAsync()).Findings);

        Assert.Equal((FindingKind.Rejected, 40m, UsageUnit.AudioOut), (finding.Kind, finding.Amount, finding.Unit));
        Assert.Equal(session.Session, Assert.Single(finding.Sources).Session!.Value);
    }

    private async Task<Guid> AddTargetAsync(Customer tenant, string eventName, string customer, UsageUnit unit)
    {
        _world.Stripe.AddMeter(eventName);
        _world.Stripe.AddCustomer(customer);
        return await _world.Export.AddTargetAsync(tenant, customer, address: new SinkAddress(tenant.Id, eventName, customer) { Unit = unit });
    }

    private Task ExportAsync(int events) => Eventually.IsAsync($"{events} batches are sent", async () =>
    {
        await _world.Export.PassAsync(TimeSpan.FromMinutes(1));
        await _world.Export.Pump().RunAsync(CancellationToken.None);
        return await _world.Database.ReadAsync<long>("SELECT count(*) FROM export_event WHERE state = 'sent'") == events;
    });
}
