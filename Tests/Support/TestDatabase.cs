using Npgsql;
using Orchestrator.Storage;
using Orchestrator.Storage.Migrations;

namespace Orchestrator.Tests.Support;

/// <summary>
/// A schema of its own on a real PostgreSQL, for one test class: made and migrated by the owner before its first test, used
/// by the application's role, dropped after its last. Classes run side by side and see nothing of each other.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime, IAsyncDisposable
{
    // A run that was killed leaves its schemas behind; they are nobody's two hours later.
    private const string LeftOver = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^test_[0-9]+_' AND split_part(nspname, '_', 2)::bigint < $1";

    private static readonly Task Prepared = PrepareAsync();

    private Database? _database;
    private NpgsqlDataSource? _owner;
    private string? _ownServer;
    private string? _ownServersOwner;

    /// <summary>On a server of the test's own instead of the one that all tests share. A fixture has one constructor, which takes nothing.</summary>
    public static TestDatabase On(string application, string owner) => new() { _ownServer = application, _ownServersOwner = owner };

    /// <summary>Its name.</summary>
    public string Schema { get; } = $"test_{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}_{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N")[16..]}";

    /// <summary>For the application: a role that owns no table.</summary>
    public string ConnectionString => Within(Schema, _ownServer ?? Configured("ORCHESTRATOR_TEST_DATABASE"), pool: 20);

    /// <summary>For the owner of the tables, who migrates.</summary>
    public string OwnerConnectionString => Within(Schema, _ownServersOwner ?? Configured("ORCHESTRATOR_TEST_DATABASE_OWNER"), pool: 5);

    /// <summary>What the stores take, as the application.</summary>
    public Database Database => _database ?? throw new InvalidOperationException("The database is made before the class's first test and gone after its last.");

    /// <summary>Connections of the owner.</summary>
    public NpgsqlDataSource Owner => _owner ?? throw new InvalidOperationException("The database is made before the class's first test and gone after its last.");

    /// <summary>A schema without any table yet.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var database = new TestDatabase();
        await database.CreateAsync();
        return database;
    }

    /// <summary>Makes and migrates it.</summary>
    public async Task InitializeAsync()
    {
        await CreateAsync();
        await Migrator.MigrateAsync(OwnerConnectionString, Database.Role, CancellationToken.None);
    }

    /// <summary>Drops it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
            await _database.DisposeAsync();
        if (_owner is null)
            return;
        await ExecuteAsync($"DROP SCHEMA IF EXISTS {Schema} CASCADE");
        await _owner.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>Runs a statement as the owner, whom the triggers stop and the grants do not.</summary>
    /// <returns>How many rows it touched.</returns>
    public Task<int> ExecuteAsync(string sql, params object[] values) => ExecuteAsync(Owner, sql, values);

    /// <summary>Runs a statement as the application.</summary>
    public Task<int> ExecuteAsApplicationAsync(string sql, params object[] values) => ExecuteAsync(Database.Source, sql, values);

    /// <summary>The one value that a query answers.</summary>
    public async Task<T> ReadAsync<T>(string sql, params object[] values) => (await ListAsync<T>(sql, values)).Single();

    /// <summary>The one column that a query answers.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, params object[] values)
    {
        await using var command = Command(Owner, sql, values);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(await reader.IsDBNullAsync(0) ? default! : await reader.GetFieldValueAsync<T>(0));
        return rows;
    }

    private static async Task<int> ExecuteAsync(NpgsqlDataSource source, string sql, object[] values)
    {
        await using var command = Command(source, sql, values);
        return await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static string Configured(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"{variable} is not set: run ./test (or ./test --filter EXPR), which starts a PostgreSQL of its own and names it to the tests.");

    private static string Within(string schema, string connectionString, int pool) =>
        new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = $"{schema},public", MaxPoolSize = pool }.ConnectionString;

    private async Task CreateAsync()
    {
        if (_ownServersOwner is null)
            await Prepared;
        _database = new Database(ConnectionString);
        _owner = NpgsqlDataSource.Create(OwnerConnectionString);
        await ExecuteAsync($"CREATE SCHEMA {Schema}");
    }

    /// <summary>Once per run, and one run at a time: what belongs to the whole database rather than to a schema that is dropped.</summary>
    private static async Task PrepareAsync()
    {
        await using var source = NpgsqlDataSource.Create(Within("public", Configured("ORCHESTRATOR_TEST_DATABASE_OWNER"), pool: 1));
        await using var connection = await source.OpenConnectionAsync();
        await using var prepare = new NpgsqlCommand(
            "SELECT pg_advisory_lock(hashtext('orchestrator tests')); CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public", connection);
        await prepare.ExecuteNonQueryAsync();

        var old = new List<string>();
        await using (var find = new NpgsqlCommand(LeftOver, connection))
        {
            find.Parameters.Add(new NpgsqlParameter { Value = TimeProvider.System.GetUtcNow().AddHours(-2).ToUnixTimeSeconds() });
            await using var reader = await find.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                old.Add(reader.GetString(0));
        }

        foreach (var schema in old)
        {
            await using var drop = new NpgsqlCommand($"DROP SCHEMA {schema} CASCADE", connection);
            await drop.ExecuteNonQueryAsync();
        }
    }
}
