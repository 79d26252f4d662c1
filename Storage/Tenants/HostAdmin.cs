using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Tenants;

/// <summary>An address of a tenant, as it is listed.</summary>
public sealed record HostRow(string Host, DateTimeOffset AddedAt);

/// <summary>How giving a tenant an address went.</summary>
public enum HostOutcome
{
    /// <summary>It is the tenant's, and perhaps was before.</summary>
    Added,
    /// <summary>It is another's.</summary>
    Taken,
    /// <summary>The tenant has as many as it may.</summary>
    TooMany,
}

/// <summary>Which addresses belong to which tenant. Each change has its row in the audit; every process knows of it within its next refresh.</summary>
public sealed class HostAdmin(Database database)
{
    /// <summary>How many addresses a tenant may have.</summary>
    public const int MaxHosts = 32;

    /// <summary>Addresses of a tenant, in order.</summary>
    public async Task<IReadOnlyList<HostRow>> ListAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("SELECT host, added_at FROM tenant_host WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY host");
        command.Parameters.Value(tenant.Value);
        return await command.ListAsync(reader => new HostRow(reader.GetString(0), reader.Instant(1)!.Value), cancellationToken);
    }

    /// <summary>Gives a tenant an address, unless it is another's. Safe to repeat: the host is the key.</summary>
    public async Task<HostOutcome> AddAsync(TenantId tenant, string host, string actor, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH few AS (
              SELECT count(*) < $4 OR bool_or(host = $3) AS so FROM tenant_host WHERE tenant_id = $2 AND removed_at IS NULL
            ), added AS (
              INSERT INTO tenant_host (host, tenant_id) SELECT $3, $2 FROM few WHERE so
              ON CONFLICT (host) DO UPDATE SET tenant_id = EXCLUDED.tenant_id, removed_at = NULL, added_at = clock_timestamp()
              WHERE tenant_host.removed_at IS NOT NULL
              RETURNING host
            ), told AS (
              INSERT INTO audit (tenant_id, actor, action, detail) SELECT $2, $1, 'host_added', jsonb_build_object('host', host) FROM added
            )
            SELECT (SELECT so FROM few), EXISTS (SELECT FROM added), EXISTS (SELECT FROM tenant_host WHERE host = $3 AND tenant_id = $2 AND removed_at IS NULL)
            """);
        command.Parameters.Value(actor).Value(tenant.Value).Value(host).Value((long)MaxHosts);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return !reader.GetBoolean(0) ? HostOutcome.TooMany : reader.GetBoolean(1) || reader.GetBoolean(2) ? HostOutcome.Added : HostOutcome.Taken;
    }

    /// <summary>Takes an address away from a tenant; false when it had no such.</summary>
    public async Task<bool> RemoveAsync(TenantId tenant, string host, string actor, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH removed AS (
              UPDATE tenant_host SET removed_at = clock_timestamp() WHERE host = $3 AND tenant_id = $2 AND removed_at IS NULL RETURNING host
            ), told AS (
              INSERT INTO audit (tenant_id, actor, action, detail) SELECT $2, $1, 'host_removed', jsonb_build_object('host', host) FROM removed
            )
            SELECT EXISTS (SELECT FROM removed)
            """);
        command.Parameters.Value(actor).Value(tenant.Value).Value(host);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
