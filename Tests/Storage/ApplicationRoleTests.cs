using Npgsql;
using Orchestrator.Storage.Migrations;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>The application uses the tables and owns none. That it can do what it needs is what all other tests here show.</summary>
public sealed class ApplicationRoleTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("ALTER TABLE generation DROP CONSTRAINT generation_check")]
    [InlineData("ALTER TABLE usage_ledger DISABLE TRIGGER ALL")]
    [InlineData("ALTER TABLE usage_ledger OWNER TO CURRENT_USER")]
    [InlineData("DROP TRIGGER usage_ledger_append_only ON usage_ledger")]
    [InlineData("DROP TABLE session_event")]
    [InlineData("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")]
    [InlineData("CREATE TABLE mine (id integer)")]
    [InlineData("CREATE INDEX mine ON session (model)")]
    [InlineData("UPDATE usage_ledger SET to_ms = 0")]
    [InlineData("UPDATE generation_price SET price_version_id = 1")]
    [InlineData("UPDATE token_usage SET counts = '{}'")]
    [InlineData("UPDATE token_price SET token_price_version_id = 1")]
    [InlineData("DELETE FROM token_meter")]
    [InlineData("DELETE FROM token_price_version")]
    [InlineData("UPDATE schema_version SET version = 9")]
    [InlineData("INSERT INTO schema_version (version, name, checksum) VALUES (9, 'x', 'x')")]
    [InlineData("DELETE FROM usage_ledger")]
    [InlineData("DELETE FROM generation")]
    [InlineData("DELETE FROM generation_price")]
    [InlineData("DELETE FROM price_version")]
    [InlineData("DELETE FROM tenant")]
    [InlineData("DELETE FROM api_key")]
    [InlineData("DELETE FROM data_protection_key")]
    [InlineData("DELETE FROM schema_version")]
    [InlineData("DELETE FROM export_target")]
    [InlineData("DELETE FROM export_lane")]
    [InlineData("DELETE FROM wallet_entry")]
    [InlineData("DELETE FROM wallet")]
    [InlineData("DELETE FROM cost_version")]
    [InlineData("DELETE FROM grain_document")]
    [InlineData("ALTER TABLE export_event DISABLE TRIGGER export_event_kept")]
    [InlineData("ALTER TABLE export_item DISABLE TRIGGER export_item_kept")]
    [InlineData("ALTER TABLE export_event DISABLE TRIGGER export_event_frozen")]
    [InlineData("TRUNCATE session CASCADE")]
    [InlineData("TRUNCATE session_event")]
    [InlineData("TRUNCATE process CASCADE")]
    public async Task May_not(string statement)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsApplicationAsync(statement));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Fact]
    public async Task Owns_nothing() => Assert.Equal(0, await database.ReadAsync<long>(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relowner <> current_user::regrole", database.Schema));

    [Theory]
    [InlineData("REVOKE USAGE ON SCHEMA {0} FROM {1}")]
    [InlineData("REVOKE ALL ON ALL TABLES IN SCHEMA {0} FROM {1}")]
    public async Task Without_its_rights_the_start_says_one_sentence_and_the_owners_next_migration_mends_it(string revoke)
    {
        var role = database.Database.Role;
        await database.ExecuteAsync(string.Format(null, revoke, database.Schema, role));

        var complaint = await Migrator.ComplaintAsync(database.Database.Source, CancellationToken.None);
        Assert.Matches($"^[^.]* that the role {role} may use; set ConnectionStrings__OrchestratorOwner [^.]*[.]$", complaint);

        Assert.Equal(0, await Migrator.MigrateAsync(database.OwnerConnectionString, role, CancellationToken.None));
        Assert.Null(await Migrator.ComplaintAsync(database.Database.Source, CancellationToken.None));
        Assert.Empty(await database.ListAsync<string>("SELECT name FROM data_protection_key"));
        await database.AddGenerationAsync(await database.AddProcessAsync(), await database.AddCustomerAsync());
    }
}
