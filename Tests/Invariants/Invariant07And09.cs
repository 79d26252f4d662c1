using FsCheck.Fluent;
using Npgsql;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Storage;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>What the database refuses whatever the program does.</summary>
public sealed class Invariant07And09(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] Changes =
    [
        "UPDATE usage_ledger SET {0} = {0}", "DELETE FROM usage_ledger WHERE id % {1} = 0", "TRUNCATE usage_ledger CASCADE",
        "UPDATE wallet_entry SET {0} = {0}", "DELETE FROM wallet_entry WHERE id % {1} = 0", "TRUNCATE wallet_entry CASCADE",
    ];

    private static readonly Dictionary<string, string[]> Columns = new()
    {
        ["usage_ledger"] = ["from_ms", "to_ms", "generation_id", "tenant_id", "recorded_at", "recorded_in"],
        ["wallet_entry"] = ["micros", "key", "kind", "actor", "reason", "created_at", "seconds"],
    };

    [Fact]
    public async Task Invariant_07_No_row_of_the_books_is_ever_changed_neither_past_the_trigger_nor_past_the_grant()
    {
        await AddRowsAsync();
        var changes = (from change in Gen.Elements(Changes)
                       from column in Gen.Elements(Columns[change.Contains("usage_ledger", StringComparison.Ordinal) ? "usage_ledger" : "wallet_entry"])
                       from divisor in Gen.Choose(1, 5)
                       select string.Format(null, change, column, divisor)).ToArbitrary();
        var before = await FingerprintAsync();

        Laws.Hold(changes, tests: 60, law: change => Task.Run(() => AssertRefusedAsync(change)).GetAwaiter().GetResult());

        Assert.Equal(before, await FingerprintAsync());
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'somebody else'")]
    [InlineData("TRUNCATE audit")]
    public async Task Invariant_07_Nor_is_the_audit(string change)
    {
        await AddRowsAsync();

        await AssertRefusedAsync(change);
    }

    [Fact]
    public async Task Invariant_07_The_grant_alone_refuses_where_the_trigger_is_gone_and_the_trigger_alone_who_has_every_right()
    {
        await AddRowsAsync();
        foreach (var table in Columns.Keys)
        {
            foreach (var change in new[] { $"UPDATE {table} SET id = DEFAULT", $"DELETE FROM {table}", $"TRUNCATE {table} CASCADE" })
            {
                await database.ExecuteAsync($"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only");
                Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await RefusalAsync(() => database.ExecuteAsApplicationAsync(change))).SqlState);
                await database.ExecuteAsync($"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only");

                // The owner has every right, also to what refers to the table and would be emptied with it.
                Assert.Equal(PostgresErrorCodes.RestrictViolation, (await RefusalAsync(() => database.ExecuteAsync(change))).SqlState);
            }
        }
    }

    [Fact]
    public async Task Invariant_09_Two_processes_that_hold_one_generation_never_store_overlap()
    {
        var customer = await database.AddCustomerAsync();
        var processes = new[] { await database.AddProcessAsync(), await database.AddProcessAsync() };
        var steps = Samples.SequencesOf(
            from process in Gen.Choose(0, 1) from kind in Gen.Choose(0, 3) from amount in Gen.Choose(1, 5_000) select (Process: process, Kind: kind, By: amount), max: 24);

        Laws.Hold(steps, tests: 20, law: story => Task.Run(async () =>
        {
            // Both believe to hold it, under the same epoch: what no lease would allow.
            var run = await database.AddGenerationAsync(processes[0], customer);
            var twins = processes.Select(_ => new LiveGeneration(run.Ownership, run.Run, run.Upstream, run.StartedAt)).ToArray();

            await Task.WhenAll(story.GroupBy(step => step.Process).Select(twin => Task.Run(() => ActAsync(
                processes[twin.Key], twins[twin.Key], run.Id!.Value, [.. twin.Select(s => (s.Kind, s.By))]))));
            await database.JournalAsync(processes[0], new GenerationClosed(twins[0], "disconnect", ClaimedMs: null));

            await database.LookAsync(customer.Id);
            Assert.Equal(
                await database.ReadAsync<long>("SELECT mark_ms FROM generation WHERE id = $1", run.Id!),
                await database.ReadAsync<long>("SELECT coalesce(sum(to_ms - from_ms), 0)::bigint FROM usage_ledger WHERE generation_id = $1", run.Id!));
        }).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Invariant_09_Nor_does_a_program_that_forgets_every_lock_and_writes_ranges_as_it_likes()
    {
        var customer = await database.AddCustomerAsync();
        var process = await database.AddProcessAsync();
        var ranges = Samples.SequencesOf(from start in Gen.Choose(0, 40) from length in Gen.Choose(1, 10) select (From: start * 100L, To: (start + length) * 100L), max: 16);

        Laws.Hold(ranges, tests: 20, law: story => Task.Run(async () =>
        {
            var run = await database.AddGenerationAsync(process, customer);

            var stored = await Task.WhenAll(story.Select(range => Task.Run(() => TryStoreAsync(run, customer, range.From, range.To))));

            Assert.Equal(stored.Count(isStored => isStored), await database.ReadAsync<long>("SELECT count(*) FROM usage_ledger WHERE generation_id = $1", run.Id!));
            Assert.Equal(0, await database.ReadAsync<long>("""
                SELECT count(*) FROM usage_ledger a JOIN usage_ledger b ON b.generation_id = a.generation_id AND b.id > a.id
                WHERE a.generation_id = $1 AND int8range(a.from_ms, a.to_ms) && int8range(b.from_ms, b.to_ms)
                """, run.Id!));
            Assert.True(story.Length == 0 || stored.Any(isStored => isStored), "Not one range was stored.");
        }).GetAwaiter().GetResult());
    }

    private async Task ActAsync(long process, LiveGeneration twin, long id, (int Kind, int By)[] steps)
    {
        using var marks = new MarkStore(database.Database);
        foreach (var (kind, by) in steps)
        {
            twin.Raise(twin.MarkMs + by);
            if (kind < 2)
                marks.Flush(process, new MarkBatch([id], [twin.Ownership.Epoch], [twin.MarkMs]));
            else if (kind == 2 || by > 1_000)
                await database.SettleAsync(twin);
            else
                await database.JournalAsync(process, new GenerationClosed(twin, "disconnect", ClaimedMs: null));
        }
    }

    private async Task<bool> TryStoreAsync(LiveGeneration run, Customer customer, long from, long to)
    {
        try
        {
            await database.ExecuteAsApplicationAsync(
                "INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $2, $3, $4)", run.Id!, customer.Id.Value, from, to);
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.ExclusionViolation or PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    private async Task AssertRefusedAsync(string change)
    {
        var (owner, application) = (await RefusalAsync(() => database.ExecuteAsync(change)), await RefusalAsync(() => database.ExecuteAsApplicationAsync(change)));

        Assert.True(owner.SqlState == PostgresErrorCodes.RestrictViolation, $"{change}, of the owner: {owner.MessageText}");
        Assert.True(application.SqlState == PostgresErrorCodes.InsufficientPrivilege, $"{change}, of the application: {application.MessageText}");
    }

    private static Task<PostgresException> RefusalAsync(Func<Task> change) => Assert.ThrowsAsync<PostgresException>(change);

    private Task<string> FingerprintAsync() => database.ReadAsync<string>("""
        SELECT md5(concat((SELECT string_agg(l::text, ',' ORDER BY l.id) FROM usage_ledger l), (SELECT string_agg(e::text, ',' ORDER BY e.id) FROM wallet_entry e)))
        """);

    private async Task AddRowsAsync()
    {
        var (customer, process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());
        var wallets = new WalletStore(database.Database);
        await wallets.PutAsync(customer.Id, creditLimit: 0, blindSeconds: 30, [], "a test");
        await wallets.PostAsync(customer.Id, new WalletPosting("a key", WalletEntryKind.TopUp, 1_000_000, "a test", "to be kept"));
        var run = await database.AddGenerationAsync(process, customer);
        run.Raise(1_000);
        await database.JournalAsync(process, new GenerationClosed(run, "completed", ClaimedMs: null));
    }
}
