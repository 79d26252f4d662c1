using Npgsql;
using Orchestrator.Grains.Billing;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>What stands beside money is forgotten after a time; money is not, and nothing goes out again.</summary>
public sealed class MoneyRetentionTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(400);

    private readonly MoneyRetentionStore _retention = new(world.Database.Database);

    [Fact]
    public async Task A_batch_that_was_sent_long_ago_is_forgotten_and_its_seconds_do_not_go_out_again()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 30_000);
        await PumpUntilAsync(exported, 30);
        Assert.Equal(0, await PruneAsync(SideRows.Exports));
        await GrowOldAsync(exported);

        Assert.Equal(1, await PruneAsync(SideRows.Exports));

        Assert.Equal(((0, 0), 1), (await KeptAsync(exported), await LedgerRowsAsync(exported)));
        await PumpAsync();
        Assert.Equal(((0, 0), 30), (await KeptAsync(exported), world.InvoicedTo(exported.Customer)));
        await world.RecordAsync(exported, 12_000);
        await PumpUntilAsync(exported, 42);
        Assert.Equal((1, 1), await KeptAsync(exported));
    }

    [Fact]
    public async Task A_batch_goes_with_those_it_was_issued_anew_for()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 30_000);
        await PumpUntilAsync(exported, 30);
        var first = await world.Database.ReadAsync<Guid>("SELECT id FROM export_event WHERE target_id = $1", exported.Target);
        Assert.True(await world.Reissue.CancelAsync(first, CancellationToken.None));
        await PumpUntilAsync("the batch is issued anew", async () => (await world.StatesAsync(exported.Target)).SequenceEqual(["cancelled", "sent"]));
        await GrowOldAsync(exported);

        Assert.Equal(1, await PruneAsync(SideRows.Exports));

        Assert.Equal((0, 0), await KeptAsync(exported));
        Assert.False(await world.Reissue.RequestAsync(first, CancellationToken.None));
        await PumpAsync();
        Assert.Equal(30, world.InvoicedTo(exported.Customer));
    }

    [Fact]
    public async Task What_says_that_a_correction_went_out_is_kept_so_that_it_does_not_go_out_again()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 30_000);
        await PumpUntilAsync(exported, 30);
        await world.Database.ExecuteAsync("INSERT INTO wallet (tenant_id) VALUES ($1)", exported.Tenant.Id.Value);
        await world.Database.ExecuteAsync("""
            INSERT INTO wallet_entry (tenant_id, key, kind, micros, actor, reason, generation_id, seconds) VALUES ($1, 'one', 'correction', 1, 'a test', 'too few', $2, 5)
            """, exported.Tenant.Id.Value, exported.Run.Id!);
        await PumpUntilAsync(exported, 35);
        await GrowOldAsync(exported);

        Assert.Equal(1, await PruneAsync(SideRows.Exports));

        await PumpAsync();
        Assert.Equal(((1, 1), 35), (await KeptAsync(exported), world.InvoicedTo(exported.Customer)));
        await AssertRefusedAsync("DELETE FROM export_item WHERE target_id = $1", exported);
    }

    [Fact]
    public async Task What_is_still_to_go_out_is_kept_however_old_it_is()
    {
        var exported = await world.AddExportedAsync();
        await world.RecordAsync(exported, 30_000);
        await Eventually.IsAsync("the batch is frozen", async () =>
        {
            await world.PassAsync(TimeSpan.FromMinutes(5));
            await world.Pump().FreezeAsync(CancellationToken.None);
            return await KeptAsync(exported) == (1, 1);
        });
        await GrowOldAsync(exported);

        Assert.Equal(0, await PruneAsync(SideRows.Exports));

        Assert.Equal((1, 1), await KeptAsync(exported));
        await AssertRefusedAsync("WITH i AS (DELETE FROM export_item WHERE target_id = $1) DELETE FROM export_event WHERE target_id = $1", exported);
        await PumpUntilAsync(exported, 30);
    }

    [Fact]
    public async Task Old_notifications_that_were_acted_on_and_old_audit_rows_go_a_little_at_a_time()
    {
        await world.Database.ExecuteAsync("""
            INSERT INTO webhook_event (id, type, received_at, due_at) SELECT 'done_' || n, 'a type', now() - interval '401 days', NULL FROM generate_series(1, 3) n;
            INSERT INTO webhook_event (id, type, received_at, due_at) VALUES ('young', 'a type', now(), NULL), ('due', 'a type', now() - interval '401 days', now());
            INSERT INTO audit (at, actor, action, detail) SELECT now() - interval '401 days', 'ann', 'old', '{}' FROM generate_series(1, 3);
            INSERT INTO audit (actor, action, detail) VALUES ('ann', 'young', '{}')
            """);

        foreach (var rows in new[] { SideRows.WebhookEvents, SideRows.Audit })
        {
            await using (await Blocking.BeginAsync(world.Database, "SELECT pg_advisory_xact_lock(hashtext('orchestrator retention'), hashtext(current_schema()))"))
                Assert.Equal(0, await PruneAsync(rows));
            Assert.Equal((2, 1, 0), (await PruneAsync(rows, limit: 2), await PruneAsync(rows, limit: 2), await PruneAsync(rows, limit: 2)));
        }

        Assert.Equal(["due", "young"], await world.Database.ListAsync<string>("SELECT id FROM webhook_event ORDER BY id"));
        Assert.Equal(["young"], await world.Database.ListAsync<string>("SELECT action FROM audit WHERE actor = 'ann'"));
    }

    private Task<int> PruneAsync(SideRows rows, int limit = 100) => _retention.PruneAsync(rows, Age, limit, CancellationToken.None);

    private async Task PumpAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await world.PassAsync(TimeSpan.FromMinutes(5));
            await world.Pump().RunAsync(CancellationToken.None);
        }
    }

    private Task PumpUntilAsync(Exported exported, decimal seconds) =>
        PumpUntilAsync($"the sink has {seconds} s", () => Task.FromResult(world.InvoicedTo(exported.Customer) == seconds));

    /// <summary>A row goes out once every transaction that is older is over, whoever's it is.</summary>
    private Task PumpUntilAsync(string what, Func<Task<bool>> isSo) => Eventually.IsAsync(what, async () =>
    {
        await PumpAsync();
        return await isSo();
    }, TimeSpan.FromSeconds(30));

    private Task GrowOldAsync(Exported exported) => world.Database.ExecuteAsync("""
        UPDATE export_event SET created_at = created_at - interval '401 days', sent_at = sent_at - interval '401 days' WHERE target_id = $1
        """, exported.Target);

    private async Task<(long Events, long Items)> KeptAsync(Exported exported) => (
        await world.Database.ReadAsync<long>("SELECT count(*) FROM export_event WHERE target_id = $1", exported.Target),
        await world.Database.ReadAsync<long>("SELECT count(*) FROM export_item WHERE target_id = $1", exported.Target));

    private Task<long> LedgerRowsAsync(Exported exported) => world.Database.ReadAsync<long>("SELECT count(*) FROM usage_ledger WHERE generation_id = $1", exported.Run.Id!);

    private async Task AssertRefusedAsync(string statement, Exported exported)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => world.Database.ExecuteAsApplicationAsync(statement, exported.Target));
        Assert.Equal(PostgresErrorCodes.RestrictViolation, refusal.SqlState);
    }
}
