using System.Globalization;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Storage.Documents;

/// <summary>Documents of grains in a table of ours. A write and its row in the audit are one statement.</summary>
public sealed class DocumentStore(Database database) : IDocumentStore
{
    /// <summary>As old as any copy of the tree may be: each process has grains of its own.</summary>
    public TimeSpan FreshFor => TenantDirectory.RefreshInterval;

    /// <inheritdoc/>
    public async Task<StoredDocument?> ReadAsync(DocumentKey key, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("SELECT etag::text, body::text FROM grain_document WHERE kind = $1 AND key = $2");
        command.Parameters.Value(key.Kind).Value(key.Key);
        return (await command.ListAsync(reader => new StoredDocument(reader.GetString(0), reader.Text(1)), cancellationToken)).SingleOrDefault();
    }

    /// <inheritdoc/>
    public Task<string?> WriteAsync(DocumentKey key, string? etag, string? body, DocumentChange change, CancellationToken cancellationToken) =>
        etag is null ? AddAsync(key, body, change, cancellationToken)
        : long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? ReplaceAsync(key, version, body, change, cancellationToken)
        : Task.FromResult<string?>(null);

    /// <inheritdoc/>
    public bool IsAway(Exception exception) => Database.IsAway(exception);

    private async Task<string?> AddAsync(DocumentKey key, string? body, DocumentChange change, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            WITH written AS (
              INSERT INTO grain_document (kind, key, body) VALUES ($1, $2, $3) ON CONFLICT (kind, key) DO NOTHING RETURNING etag
            ), audited AS (
              INSERT INTO audit (tenant_id, actor, action, detail) SELECT $4, $5, $6, $7 FROM written
            )
            SELECT etag::text FROM written
            """);
        Bind(command, key, body, change);
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task<string?> ReplaceAsync(DocumentKey key, long version, string? body, DocumentChange change, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            WITH written AS (
              UPDATE grain_document SET body = $3, etag = etag + 1, updated_at = clock_timestamp()
              WHERE kind = $1 AND key = $2 AND etag = $8 RETURNING etag
            ), audited AS (
              INSERT INTO audit (tenant_id, actor, action, detail) SELECT $4, $5, $6, $7 FROM written
            )
            SELECT etag::text FROM written
            """);
        Bind(command, key, body, change);
        command.Parameters.Value(version);
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    private static void Bind(NpgsqlCommand command, DocumentKey key, string? body, DocumentChange change)
    {
        command.Parameters.Value(key.Kind).Value(key.Key);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)body ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Identity(change.About?.Value).Value(change.Actor).Value(change.Action);
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(change.Detail, ContractJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb });
    }
}
