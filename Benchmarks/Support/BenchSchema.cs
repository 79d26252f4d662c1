using Npgsql;
using Orchestrator.Storage;
using Orchestrator.Storage.Migrations;

namespace Orchestrator.Benchmarks.Support;

/// <summary>
/// A schema of our own in the database that the environment names: empty at first, so that no run measures what an earlier
/// one left, and dropped at the end.
/// </summary>
internal sealed class BenchSchema : IAsyncDisposable
{
    private readonly string _name;
    private readonly string _database;

    private BenchSchema(string name, string application, string owner)
    {
        (_name, _database) = (name, owner);
        Application = new NpgsqlConnectionStringBuilder(application) { SearchPath = name }.ConnectionString;
        Owner = new NpgsqlConnectionStringBuilder(owner) { SearchPath = name, Pooling = false }.ConnectionString;
    }

    /// <summary>The connection string of the application's role.</summary>
    public string Application { get; }

    /// <summary>The connection string of the role that owns the tables.</summary>
    public string Owner { get; }

    /// <summary>Makes the schema and its tables.</summary>
    public static Task<BenchSchema> CreateAsync(string purpose) =>
        CreateAsync(purpose, Required("ConnectionStrings__Orchestrator"), Required("ConnectionStrings__OrchestratorOwner"));

    /// <summary>Makes the schema and its tables on a server of the caller's own.</summary>
    public static async Task<BenchSchema> CreateAsync(string purpose, string application, string owner)
    {
        var name = $"bench_{purpose}_{Environment.ProcessId}";
        var schema = new BenchSchema(name, application, owner);
        // The extension belongs to no run: in a schema that is dropped it would take other schemas' constraints with it.
        await schema.ExecuteAsync($"CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        await using var database = new Database(schema.Application);
        await Migrator.MigrateAsync(schema.Owner, database.Role, CancellationToken.None);
        return schema;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP SCHEMA IF EXISTS {_name} CASCADE");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database) { Pooling = false, CommandTimeout = 60 }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>What <c>./bench</c> put into the environment.</summary>
    public static string Required(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set; start with ./bench.");
}
