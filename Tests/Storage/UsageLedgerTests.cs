using Npgsql;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>The ledger is right whatever a program does: the database itself refuses what would make it wrong.</summary>
public sealed class UsageLedgerTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Insert = "INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $2, $3, $4)";

    [Theory]
    [InlineData("UPDATE usage_ledger SET to_ms = to_ms + 1")]
    [InlineData("UPDATE usage_ledger SET recorded_at = clock_timestamp() WHERE false")]
    [InlineData("DELETE FROM usage_ledger")]
    [InlineData("TRUNCATE usage_ledger CASCADE")]
    [InlineData("TRUNCATE generation CASCADE")]
    [InlineData("TRUNCATE tenant CASCADE")]
    public async Task Nobody_changes_it(string statement)
    {
        await AddRangeAsync();

        var owner = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(statement));
        var application = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsApplicationAsync(statement));

        // Whichever of the tables that it reaches refuses first.
        Assert.Equal(PostgresErrorCodes.RestrictViolation, owner.SqlState);
        Assert.EndsWith(" is append-only", owner.MessageText, StringComparison.Ordinal);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, application.SqlState);
    }

    [Theory]
    [InlineData(0, 1_000, PostgresErrorCodes.ExclusionViolation)]
    [InlineData(0, 1, PostgresErrorCodes.ExclusionViolation)]
    [InlineData(999, 1_001, PostgresErrorCodes.ExclusionViolation)]
    [InlineData(0, 5_000, PostgresErrorCodes.ExclusionViolation)]
    [InlineData(400, 600, PostgresErrorCodes.ExclusionViolation)]
    [InlineData(1_000, 1_000, PostgresErrorCodes.CheckViolation)]
    [InlineData(2_000, 1_000, PostgresErrorCodes.CheckViolation)]
    [InlineData(-1, 0, PostgresErrorCodes.CheckViolation)]
    public async Task No_millisecond_is_in_it_twice_and_no_range_is_empty(long from, long to, string refusal)
    {
        var (run, customer) = await AddRangeAsync();

        Assert.Equal(refusal, (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(Insert, run.Id!, customer.Id.Value, from, to))).SqlState);
        Assert.Equal(refusal, (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsApplicationAsync(Insert, run.Id!, customer.Id.Value, from, to))).SqlState);
    }

    [Fact]
    public async Task The_next_range_begins_where_the_last_one_ends()
    {
        var (run, customer) = await AddRangeAsync();

        Assert.Equal(1, await database.ExecuteAsApplicationAsync(Insert, run.Id!, customer.Id.Value, 1_000L, 2_000L));
    }

    [Theory]
    [InlineData("UPDATE generation SET ledgered_ms = mark_ms + 1 WHERE id = $1")]
    [InlineData("UPDATE generation SET mark_ms = ledgered_ms - 1 WHERE id = $1")]
    [InlineData("UPDATE generation SET mark_ms = -1, ledgered_ms = -1 WHERE id = $1")]
    [InlineData("UPDATE generation SET mark_ms = mark_ms + 1, closed_at = clock_timestamp() WHERE id = $1")]
    public async Task A_generation_is_never_ledgered_beyond_its_mark_nor_closed_below_it(string statement)
    {
        var (run, _) = await AddRangeAsync();

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(statement, run.Id!));

        Assert.Equal(PostgresErrorCodes.CheckViolation, refusal.SqlState);
    }

    [Fact]
    public async Task What_it_refers_to_cannot_be_deleted()
    {
        var (run, customer) = await AddRangeAsync();
        foreach (var (table, id) in new (string, object)[] { ("generation", run.Id!), ("session", run.Ownership.Session.Value), ("tenant", customer.Id.Value) })
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"DELETE FROM {table} WHERE id = $1", id));

            Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, refusal.SqlState);
        }
    }

    /// <summary>A run of one second, closed.</summary>
    private async Task<(LiveGeneration Run, Customer Customer)> AddRangeAsync()
    {
        var (customer, process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());
        var run = await database.AddGenerationAsync(process, customer);
        run.Raise(1_000);
        await database.JournalAsync(process, new GenerationClosed(run, "completed", ClaimedMs: null));
        return (run, customer);
    }
}
