using System.Data;
using Npgsql;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Tenants;

/// <summary>
/// What every process copies. A row carries the transaction that changed it; a reader that remembers the oldest transaction
/// that was still open at its last look asks for everything from that one on, and so misses none.
/// </summary>
public sealed class TenantStore(Database database) : ITenantStore
{
    /// <inheritdoc/>
    public async Task<DirectoryChanges> ReadChangesAsync(ulong since, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        // One snapshot for all statements.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::numeric"));
        batch.BatchCommands.Add(Since(since, """
            SELECT id, path, name, currency, suspended_at IS NOT NULL, max_sessions, max_session_seconds FROM tenant WHERE changed_in >= $1::text::xid8
            """));
        batch.BatchCommands.Add(Since(since, """
            SELECT id, tenant_id, encode(sha256, 'hex'), revoked_at IS NOT NULL FROM api_key WHERE changed_in >= $1::text::xid8
            """));
        batch.BatchCommands.Add(Since(since, """
            SELECT id, tenant_id, model, micros_per_unit, rounding, step_seconds, minimum_seconds, valid_from, valid_until
            FROM price_version WHERE changed_in >= $1::text::xid8
            """));
        batch.BatchCommands.Add(Since(since, "SELECT host, tenant_id, removed_at IS NOT NULL FROM tenant_host WHERE changed_in >= $1::text::xid8"));

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var snapshot = (ulong)reader.GetDecimal(0);
        return new DirectoryChanges(
            snapshot,
            await NextAsync(reader, TenantFromRow, cancellationToken),
            await NextAsync(reader, KeyFromRow, cancellationToken),
            await NextAsync(reader, PriceFromRow, cancellationToken))
        {
            Hosts = await NextAsync(reader, row => new TenantHost(row.GetString(0), new TenantId(row.GetGuid(1)), row.GetBoolean(2)), cancellationToken),
        };
    }

    private static NpgsqlBatchCommand Since(ulong snapshot, string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Value(snapshot.ToString());
        return command;
    }

    private static Tenant TenantFromRow(NpgsqlDataReader reader) => new(
        new TenantId(reader.GetGuid(0)), [.. reader.GetFieldValue<Guid[]>(1).Select(id => new TenantId(id))], reader.GetString(2), reader.GetString(3),
        reader.GetBoolean(4), reader.Count(5), reader.Count(6) is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    private static ApiKeyRecord KeyFromRow(NpgsqlDataReader reader) =>
        new(reader.GetGuid(0), new TenantId(reader.GetGuid(1)), reader.GetString(2), reader.GetBoolean(3));

    private static PriceVersion PriceFromRow(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), new TenantId(reader.GetGuid(1)), reader.Text(2), PriceRows.FromRow(reader, 3)!, reader.Instant(7)!.Value, reader.Instant(8));

    private static async Task<IReadOnlyList<T>> NextAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> fromRow, CancellationToken cancellationToken)
    {
        await reader.NextResultAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(fromRow(reader));
        return rows;
    }
}
