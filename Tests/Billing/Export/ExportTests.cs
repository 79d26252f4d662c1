using Orchestrator.Domain.Billing;
using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>Frozen batches on their way to a fake Stripe, one trouble at a time.</summary>
public sealed class ExportTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    [Fact]
    public async Task What_is_recorded_is_frozen_once_and_sent()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 2_500);
        await world.RecordAsync(exported, 3_000);

        await world.SettleDownAsync(world.Pump());
        await world.SettleDownAsync(world.Pump());

        Assert.Equal(5, world.InvoicedTo(exported.Customer));
        Assert.Equal(2, await world.Database.ReadAsync<long>("SELECT count(*) FROM export_item WHERE target_id = $1", exported.Target));
    }

    [Fact]
    public async Task All_below_a_payer_is_exported_at_the_payers_price_and_by_every_payer_on_the_way_up()
    {
        var reseller = await world.AddExportedAsync(price: new Price(1_000m, new Rounding(StepSeconds: 10)));
        var child = await world.Database.AddCustomerAsync(reseller.Tenant);
        var retail = await world.AddTargetAsync(child, reseller.Customer + "_retail");
        world.Stripe.AddCustomer(reseller.Customer + "_retail");
        var run = await world.AddRunAsync(child);
        await world.RecordAsync(child, run, 0, 25_000);

        await world.SettleDownAsync(world.Pump());

        Assert.Equal(20, world.InvoicedTo(reseller.Customer));
        Assert.Equal(25, world.InvoicedTo(reseller.Customer + "_retail"));
        Assert.Equal(["sent"], await world.StatesAsync(retail));
    }

    [Fact]
    public async Task What_was_recorded_before_a_target_was_there_or_after_it_was_retired_goes_nowhere()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 5_000);
        var late = await world.AddTargetAsync(exported.Tenant, exported.Customer + "_late");
        world.Stripe.AddCustomer(exported.Customer + "_late");
        await world.RecordAsync(exported, 2_000);
        await world.Database.ExecuteAsync("UPDATE export_target SET retired_at = clock_timestamp() WHERE id = $1", exported.Target);
        await world.RecordAsync(exported, 1_000);

        // The late one takes all three that came after it.
        await Eventually.IsAsync("the late target has all of its own", async () =>
        {
            await world.PassAsync(TimeSpan.FromMinutes(1));
            await world.Pump().RunAsync(CancellationToken.None);
            return world.InvoicedTo(exported.Customer + "_late") == 3 && world.InvoicedTo(exported.Customer) == 7;
        });

        Assert.All(await world.StatesAsync(late), state => Assert.Equal("sent", state));
    }

    [Fact]
    public async Task A_transaction_that_commits_late_is_not_missed_and_what_it_holds_up_is_not_lost()
    {
        var (slow, other) = (await world.AddExportedAsync(), await world.AddExportedAsync());
        await using var late = await world.Database.Owner.OpenConnectionAsync();
        await using var transaction = await late.BeginTransactionAsync();
        await using (var record = late.CreateCommand())
        {
            record.CommandText = "INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $2, 0, 4000)";
            record.Parameters.Add(new() { Value = slow.Run.Id! });
            record.Parameters.Add(new() { Value = slow.Tenant.Id.Value });
            await record.ExecuteNonQueryAsync();
        }

        await world.RecordAsync(other, 3_000);
        await world.Pump().RunAsync(CancellationToken.None);
        Assert.Empty(await world.StatesAsync(slow.Target));
        await transaction.CommitAsync();
        await world.SettleDownAsync(world.Pump());

        Assert.Equal((4, 3), (world.InvoicedTo(slow.Customer), world.InvoicedTo(other.Customer)));
    }

    [Fact]
    public async Task A_backlog_is_frozen_in_pages_that_keep_transactions_whole()
    {
        var exported = await world.AddExportedAsync();
        for (var i = 0; i < 25; i++)
            await world.RecordAsync(exported, 1_000);

        await world.SettleDownAsync(world.Pump(maxRows: 4));

        Assert.Equal(25, world.InvoicedTo(exported.Customer));
        Assert.Equal(25, await world.Database.ReadAsync<long>("SELECT count(*) FROM export_item WHERE target_id = $1", exported.Target));
    }

    [Fact]
    public async Task Nothing_that_is_billed_is_never_sent()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 900);

        await world.SettleDownAsync(world.Pump());

        Assert.Equal(["skipped"], await world.StatesAsync(exported.Target));
        Assert.DoesNotContain(world.Stripe.Events, sent => sent.Customer == exported.Customer);
    }

    [Fact]
    public async Task Invariant_17_resends_are_byte_identical_under_one_identifier()
    {
        var exported = await world.AddExportedAsync();
        world.Stripe.Faults.Add(new(new(StripeFaultKind.DropBeforeCommit), Count: 2, Customer: exported.Customer));
        world.Stripe.Faults.Add(new(new(StripeFaultKind.Conflict), Count: 1, Customer: exported.Customer));
        world.Stripe.Faults.Add(new(new(StripeFaultKind.DropAfterCommit), Count: 1, Customer: exported.Customer));
        await world.RecordAsync(exported, 7_000);

        await world.SettleDownAsync(world.Pump());

        var sent = Assert.Single(world.Stripe.Events, sent => sent.Customer == exported.Customer);
        Assert.Equal(7, sent.Value);
        Assert.Equal(0, world.Stripe.Counts.KeyMismatches);
        Assert.Equal(5, await world.Database.ReadAsync<int>("SELECT attempts FROM export_event WHERE identifier = $1", sent.Identifier));
        var refusal = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => world.Database.ExecuteAsApplicationAsync(
            "UPDATE export_event SET body = body || '0' WHERE identifier = $1", sent.Identifier));
        Assert.Equal(Npgsql.PostgresErrorCodes.RestrictViolation, refusal.SqlState);
    }

    [Theory]
    [InlineData(StripeFaultKind.DropBeforeCommit, "uncertain")]
    [InlineData(StripeFaultKind.DropAfterCommit, "uncertain")]
    [InlineData(StripeFaultKind.RateLimited, "sent")]
    public async Task Invariant_17_an_outcome_unknown_for_23_hours_is_never_resent_and_a_refused_attempt_is(StripeFaultKind fault, string state)
    {
        var exported = await world.AddExportedAsync();
        world.Stripe.Faults.Add(new(new(fault), Count: 1, Customer: exported.Customer));
        await world.RecordAsync(exported, 7_000);
        await Eventually.IsAsync("there was an attempt", async () =>
        {
            await world.PassAsync(TimeSpan.FromMilliseconds(100));
            await world.Pump().RunAsync(CancellationToken.None);
            return await world.Database.ReadAsync<bool>("SELECT count(*) = 1 FROM export_event WHERE target_id = $1 AND attempts = 1", exported.Target);
        });

        await world.PassAsync(TimeSpan.FromHours(23));
        await world.Pump().RunAsync(CancellationToken.None);
        await world.Pump().RunAsync(CancellationToken.None);

        Assert.Equal([state], await world.StatesAsync(exported.Target));
        Assert.Equal(fault is StripeFaultKind.DropBeforeCommit ? 0 : 7, world.InvoicedTo(exported.Customer));
    }

    [Fact]
    public async Task A_stored_500_that_keeps_coming_back_changes_the_key_and_not_the_identifier()
    {
        var exported = await world.AddExportedAsync();
        world.Stripe.Faults.Add(new(new(StripeFaultKind.ErrorAfterCommit), Count: 1, Customer: exported.Customer));
        await world.RecordAsync(exported, 7_000);

        await world.SettleDownAsync(world.Pump());

        Assert.Equal(7, world.InvoicedTo(exported.Customer));
        Assert.Equal("sent true 1", await world.Database.ReadAsync<string>(
            "SELECT format('%s %s %s', state, is_duplicate::text, key_changes) FROM export_event WHERE target_id = $1", exported.Target));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(30)]
    public async Task Who_is_told_when_to_come_back_does_not_come_earlier(int? retryAfter)
    {
        var exported = await world.AddExportedAsync();
        world.Stripe.Faults.Add(new(new(StripeFaultKind.RateLimited, retryAfter), Count: 1, Customer: exported.Customer));
        await world.RecordAsync(exported, 1_000);
        await Eventually.IsAsync("there was an attempt", async () =>
        {
            await world.Pump().RunAsync(CancellationToken.None);
            return await world.Database.ReadAsync<bool>("SELECT count(*) = 1 FROM export_event WHERE target_id = $1 AND attempts > 0", exported.Target);
        });

        var wait = await world.Database.ReadAsync<double>("""
            SELECT coalesce(extract(epoch FROM l.blocked_until - e.first_attempt_at), 0)::float8
            FROM export_event e JOIN export_lane l ON l.id = e.lane_id WHERE e.target_id = $1
            """, exported.Target);

        Assert.True(retryAfter is null ? wait < 3 : wait is >= 30 and < 33, $"It waits for {wait} s.");
    }

    [Fact]
    public async Task Invariant_19_a_refusal_that_names_no_duplicate_of_ours_is_a_refusal_and_the_lane_goes_on()
    {
        var exported = await world.AddExportedAsync();
        world.Stripe.Faults.Add(new(
            new(StripeFaultKind.Reject, Message: "An event already exists with identifier v1:00000000:another."), Count: 1, Customer: exported.Customer));
        await world.RecordAsync(exported, 7_000);
        await world.SettleDownAsync(world.Pump());
        await world.RecordAsync(exported, 2_000);
        await world.SettleDownAsync(world.Pump());

        Assert.Equal(["rejected", "sent"], await world.StatesAsync(exported.Target));
        Assert.Equal(2, world.InvoicedTo(exported.Customer));
    }

    [Fact]
    public async Task Invariant_20_a_lane_in_trouble_delays_nobody_else()
    {
        var (poisoned, fine) = (await world.AddExportedAsync(), await world.AddExportedAsync());
        world.Stripe.Faults.Add(new(new(StripeFaultKind.Slow, Delay: TimeSpan.FromSeconds(5)), Count: 1, Customer: poisoned.Customer));
        await world.RecordAsync(poisoned, 5_000);
        var pump = world.Pump();
        await Eventually.IsAsync("the slow batch is frozen", async () =>
        {
            await world.PassAsync(TimeSpan.FromSeconds(1));
            await pump.FreezeAsync(CancellationToken.None);
            return (await world.StatesAsync(poisoned.Target)).Count == 1;
        });

        // Its turn lasts as long as the slow answer; what is frozen meanwhile is sent by the same turn.
        var turn = pump.SendAsync(CancellationToken.None);
        await Eventually.IsAsync("the slow batch is under way", async () => (await world.StatesAsync(poisoned.Target))[0] == "sending");
        await world.RecordAsync(fine, 3_000);
        await Eventually.IsAsync("the other lane was sent", async () =>
        {
            await pump.FreezeAsync(CancellationToken.None);
            return world.InvoicedTo(fine.Customer) == 3;
        });

        Assert.Equal("sending", (await world.StatesAsync(poisoned.Target))[0]);
        await turn;
        Assert.Equal(5, world.InvoicedTo(poisoned.Customer));
    }

    [Fact]
    public async Task Invariant_23_what_fails_afterwards_is_issued_anew_once_and_counted_once()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 7_000);
        await world.SettleDownAsync(world.Pump());
        var (first, id) = (world.Stripe.Events.Last(sent => sent.Customer == exported.Customer).Identifier,
            await world.Database.ReadAsync<Guid>("SELECT id FROM export_event WHERE target_id = $1", exported.Target));
        world.Stripe.Fail(first);

        Assert.Equal(1, await world.Reissue.FailAsync(account: null, [first, "v1:00000000:nobody"], "meter_event_customer_not_found", CancellationToken.None));
        Assert.Equal(0, await world.Reissue.FailAsync(account: null, [first], "meter_event_customer_not_found", CancellationToken.None));
        Assert.True(await world.Reissue.RequestAsync(id, CancellationToken.None));
        await Task.WhenAll(world.Pump().RunAsync(CancellationToken.None), world.Pump().RunAsync(CancellationToken.None));
        Assert.False(await world.Reissue.RequestAsync(id, CancellationToken.None));
        await world.SettleDownAsync(world.Pump());

        Assert.Equal(7, world.InvoicedTo(exported.Customer));
        Assert.Equal(["failed_async", "sent"], await world.StatesAsync(exported.Target));
        Assert.Equal("sent", await world.Database.ReadAsync<string>(
            "SELECT e.state FROM export_item i JOIN export_event e ON e.id = i.export_event_id WHERE i.target_id = $1 AND e.replaces = $2", exported.Target, id));
    }

    [Fact]
    public async Task Invariant_25_what_is_taken_back_within_a_day_goes_out_anew_for_the_right_total()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 60_000);
        await world.SettleDownAsync(world.Pump());
        await CorrectAsync(exported, -25);
        await world.SettleDownAsync(world.Pump());
        Assert.Equal(60, world.InvoicedTo(exported.Customer));

        Assert.True(await world.Reissue.CancelAsync(await SentAsync(exported), CancellationToken.None));
        await world.SettleDownAsync(world.Pump());

        Assert.Equal(35, world.InvoicedTo(exported.Customer));
        Assert.Equal(["cancelled", "skipped", "sent"], await world.StatesAsync(exported.Target));
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT carried_seconds FROM export_target WHERE id = $1", exported.Target));
    }

    [Fact]
    public async Task Invariant_25_after_a_day_what_is_taken_back_is_netted_against_what_follows()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 60_000);
        await world.SettleDownAsync(world.Pump());
        var sent = await SentAsync(exported);
        await CorrectAsync(exported, -25);
        await world.SettleDownAsync(world.Pump());
        await world.PassAsync(TimeSpan.FromHours(23));

        Assert.False(await world.Reissue.CancelAsync(sent, CancellationToken.None));
        await world.RecordAsync(exported, 10_000);
        await world.SettleDownAsync(world.Pump());
        await world.RecordAsync(exported, 40_000);
        await world.SettleDownAsync(world.Pump());

        Assert.Equal(60 + 10 + 40 - 25, world.InvoicedTo(exported.Customer));
        Assert.Equal(["sent", "skipped", "skipped", "sent"], await world.StatesAsync(exported.Target));
    }

    private Task<Guid> SentAsync(Exported exported) =>
        world.Database.ReadAsync<Guid>("SELECT id FROM export_event WHERE target_id = $1 AND state = 'sent'", exported.Target);

    private async Task CorrectAsync(Exported exported, long seconds)
    {
        await world.Database.ExecuteAsync("INSERT INTO wallet (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING", exported.Tenant.Id.Value);
        await world.Database.ExecuteAsync("""
            INSERT INTO wallet_entry (tenant_id, key, kind, micros, actor, reason, generation_id, seconds)
            VALUES ($1, 'a correction', 'correction', 1, 'a test', 'counted twice', $2, $3)
            """, exported.Tenant.Id.Value, exported.Run.Id!, seconds);
    }
}
