using Npgsql;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>A transaction that a test holds open, and who waits for it. This is how two statements are made to meet.</summary>
internal sealed class Blocking : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TestDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private Blocking(TestDatabase database, NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_database, _connection, _transaction) = (database, connection, transaction);

    /// <summary>Begins, and runs a statement that takes the lock.</summary>
    public static async Task<Blocking> BeginAsync(TestDatabase database, string sql, params object[] values)
    {
        var connection = await database.Owner.OpenConnectionAsync();
        var blocking = new Blocking(database, connection, await connection.BeginTransactionAsync());
        await blocking.ExecuteAsync(sql, values);
        return blocking;
    }

    /// <summary>Runs another statement in the transaction.</summary>
    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Done when a connection waits for this transaction.</summary>
    /// <returns>The server's process of that connection.</returns>
    public async Task<int> WhenWaitedForAsync()
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!patience.IsCancellationRequested)
        {
            var waiting = await _database.ListAsync<int>(
                "SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) LIMIT 1", _connection.ProcessID);
            if (waiting is [var process])
                return process;
        }

        throw new TimeoutException("Nobody came to wait for the transaction that the test holds open.");
    }

    /// <summary>Commits; who waited goes on.</summary>
    public Task CommitAsync() => _transaction.CommitAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
