using Npgsql;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Tenants;

/// <summary>A tenant as somebody above it, or it itself, sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Parent">The tenant above it; null for the viewer itself, who is told of nobody above.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="SuspendedAt">Since when it is suspended itself.</param>
/// <param name="MaxSessions">How many sessions it and all below it may have live.</param>
/// <param name="MaxSessionSeconds">How long a session of it or below may run.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Depth">How deep in its tree it stands; a root at 1. Not for the viewer's eyes.</param>
public sealed record TenantRow(
    TenantId Id, TenantId? Parent, string Name, string Currency, DateTimeOffset? SuspendedAt, int? MaxSessions, int? MaxSessionSeconds,
    DateTimeOffset CreatedAt, int Depth);

/// <summary>An API key as it may be listed: never the key itself.</summary>
public sealed record KeyRow(Guid Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>
/// What people may see of the tree. Every question names the tenant that asks, and is answered with itself or what is below
/// it; everything else does not exist.
/// </summary>
public sealed class TenantQueries(Database database)
{
    private const string Columns = """
        t.id, CASE WHEN t.id <> $1 THEN t.parent_id END, t.name, t.currency, t.suspended_at, t.max_sessions, t.max_session_seconds, t.created_at,
        cardinality(t.path)
        """;

    /// <summary>One tenant: the viewer or one below it.</summary>
    public async Task<TenantRow?> FindAsync(TenantId viewer, TenantId tenant, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"SELECT {Columns} FROM tenant t WHERE t.id = $2 AND t.path @> ARRAY[$1]");
        command.Parameters.Value(viewer.Value).Value(tenant.Value);
        return (await command.ListAsync(FromRow, cancellationToken)).SingleOrDefault();
    }

    /// <summary>The tenants from the root down to this one; none for one that there is not.</summary>
    public async Task<IReadOnlyList<TenantId>> PathAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("SELECT unnest(path) FROM tenant WHERE id = $1");
        command.Parameters.Value(tenant.Value);
        return await command.ListAsync(reader => new TenantId(reader.GetGuid(0)), cancellationToken);
    }

    /// <summary>The tenants right below one that the viewer sees, in the order they were added, after <paramref name="after"/> if given.</summary>
    public async Task<IReadOnlyList<TenantRow>> ChildrenAsync(TenantId viewer, TenantId parent, TenantId? after, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT {Columns} FROM tenant t
            WHERE t.path @> ARRAY[$1, $2] AND t.parent_id = $2 AND ($3::uuid IS NULL OR t.id > $3)
            ORDER BY t.id LIMIT $4
            """);
        command.Parameters.Value(viewer.Value).Value(parent.Value).Optional(after?.Value).Value(limit);
        return await command.ListAsync(FromRow, cancellationToken);
    }

    /// <summary>Keys of a tenant, the newest first, before <paramref name="before"/> if given.</summary>
    public async Task<IReadOnlyList<KeyRow>> KeysAsync(TenantId tenant, Guid? before, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT id, name, created_at, revoked_at FROM api_key
            WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
            """);
        command.Parameters.Value(tenant.Value).Optional(before).Value(limit);
        return await command.ListAsync(reader => new KeyRow(reader.GetGuid(0), reader.GetString(1), reader.Instant(2)!.Value, reader.Instant(3)), cancellationToken);
    }

    /// <summary>Whether a key is one of this tenant's.</summary>
    public async Task<bool> HasKeyAsync(TenantId tenant, Guid key, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("SELECT EXISTS (SELECT FROM api_key WHERE tenant_id = $1 AND id = $2)");
        command.Parameters.Value(tenant.Value).Value(key);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static TenantRow FromRow(NpgsqlDataReader reader) => new(
        new TenantId(reader.GetGuid(0)), reader.IsDBNull(1) ? null : new TenantId(reader.GetGuid(1)), reader.GetString(2), reader.GetString(3),
        reader.Instant(4), reader.Count(5), reader.Count(6), reader.Instant(7)!.Value, reader.GetInt32(8));
}
