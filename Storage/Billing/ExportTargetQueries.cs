using Npgsql;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>A target and how it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="AddedBy">The tenant that added it; null: the operator.</param>
/// <param name="Kind">What it sends to.</param>
/// <param name="Address">Whose usage, and where it goes. It holds no credential.</param>
/// <param name="HasCredential">Whether it has a credential of its own.</param>
public sealed record ExportTargetRow(Guid Id, TenantId? AddedBy, SinkKind Kind, SinkAddress Address, bool HasCredential)
{
    /// <summary>Where the sink's own count is read.</summary>
    public string? MeterId { get; init; }

    /// <summary>Usage recorded from here on is exported.</summary>
    public DateTimeOffset ActiveFrom { get; init; }

    /// <summary>Usage recorded from here on is not.</summary>
    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>When it was added.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the newest of its batches that was sent was.</summary>
    public DateTimeOffset? LastSentAt { get; init; }

    /// <summary>When the oldest batch was frozen that is still to go out.</summary>
    public DateTimeOffset? OldestUnsentAt { get; init; }

    /// <summary>Until when its lane waits before the next attempt.</summary>
    public DateTimeOffset? BlockedUntil { get; init; }

    /// <summary>What the sink said of the newest batch that is not through.</summary>
    public string? LastError { get; init; }

    /// <summary>How many batches are in which state; of those that are through only the recent ones.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();

    /// <summary>An endpoint to be shown: what stands behind the question mark may be a credential.</summary>
    public static string? WithoutQuery(string? endpoint) => endpoint?.Split('?')[0];
}

/// <summary>Targets as people may see them: a tenant sees those that it or one below it added, the operator all.</summary>
public sealed class ExportTargetQueries(Database database)
{
    /// <summary>How far back batches are counted that are through.</summary>
    public static readonly TimeSpan Recent = TimeSpan.FromDays(7);

    private const string Through = "('sent', 'skipped', 'cancelled')";

    private const string Seen = "($1::uuid IS NULL OR EXISTS (SELECT FROM tenant a WHERE a.id = t.added_by AND a.path @> ARRAY[$1]))";

    /// <summary>Targets of a tenant, the newest first, before <paramref name="before"/> if given.</summary>
    public Task<IReadOnlyList<ExportTargetRow>> ListAsync(TenantId? viewer, TenantId tenant, Guid? before, int limit, CancellationToken cancellationToken = default) =>
        ReadAsync(viewer, tenant, only: null, before, limit, cancellationToken);

    /// <summary>One target of a tenant.</summary>
    public async Task<ExportTargetRow?> FindAsync(TenantId? viewer, TenantId tenant, Guid target, CancellationToken cancellationToken = default) =>
        (await ReadAsync(viewer, tenant, target, before: null, limit: 1, cancellationToken)).SingleOrDefault();

    private async Task<IReadOnlyList<ExportTargetRow>> ReadAsync(
        TenantId? viewer, TenantId tenant, Guid? only, Guid? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT t.id, {ExportRows.AddressColumns}, l.kind, t.added_by, t.credential IS NOT NULL, t.meter_id, t.active_from, t.retired_at, t.created_at,
                   CASE WHEN l.blocked_until > clock_timestamp() THEN l.blocked_until END,
                   (SELECT e.sent_at FROM export_event e WHERE e.target_id = t.id AND e.sent_at IS NOT NULL ORDER BY e.at DESC LIMIT 1),
                   (SELECT min(e.created_at) FROM export_event e WHERE e.target_id = t.id AND e.state NOT IN {Through} AND e.state IN ('pending', 'sending', 'cancelling')),
                   (SELECT e.last_error FROM export_event e
                    WHERE e.target_id = t.id AND e.state NOT IN {Through} AND e.last_error IS NOT NULL ORDER BY e.seq DESC LIMIT 1),
                   counted.states, counted.counts
            FROM export_target t
            JOIN export_lane l ON l.id = t.lane_id
            CROSS JOIN LATERAL (
              SELECT coalesce(array_agg(state), ARRAY[]::text[]) AS states, coalesce(array_agg(n), ARRAY[]::bigint[]) AS counts FROM (
                SELECT e.state, count(*) AS n FROM export_event e WHERE e.target_id = t.id AND e.state NOT IN {Through} GROUP BY e.state
                UNION ALL
                SELECT e.state, count(*) FROM export_event e WHERE e.target_id = t.id AND e.state IN {Through} AND e.at > clock_timestamp() - $6 GROUP BY e.state) s
            ) counted
            WHERE t.tenant_id = $2 AND {Seen} AND ($3::uuid IS NULL OR t.id = $3) AND ($4::uuid IS NULL OR t.id < $4)
            ORDER BY t.id DESC LIMIT $5
            """);
        command.Parameters.Identity(viewer?.Value).Value(tenant.Value).Identity(only).Identity(before).Value((long)limit).Value(Recent);
        return await command.ListAsync(FromRow, cancellationToken);
    }

    private static ExportTargetRow FromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.IsDBNull(8) ? null : new TenantId(reader.GetGuid(8)), ExportRows.Kind(reader, 7), ExportRows.AddressFromRow(reader, 1), reader.GetBoolean(9))
    {
        MeterId = reader.Text(10),
        ActiveFrom = reader.Instant(11)!.Value,
        RetiredAt = reader.Instant(12),
        CreatedAt = reader.Instant(13)!.Value,
        BlockedUntil = reader.Instant(14),
        LastSentAt = reader.Instant(15),
        OldestUnsentAt = reader.Instant(16),
        LastError = reader.Text(17),
        Counts = reader.GetFieldValue<string[]>(18).Zip(reader.GetFieldValue<long[]>(19)).ToDictionary(one => one.First, one => one.Second),
    };
}
