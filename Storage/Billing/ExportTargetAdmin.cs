using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>A target to be added.</summary>
/// <param name="Kind">What it sends to.</param>
/// <param name="Address">Whose usage, and where it goes.</param>
public sealed record NewExportTarget(SinkKind Kind, SinkAddress Address)
{
    /// <summary>Where the sink's own count is read.</summary>
    public string? MeterId { get; init; }

    /// <summary>Usage recorded from here on is exported. Default: from now on.</summary>
    public DateTimeOffset? ActiveFrom { get; init; }

    /// <summary>The tenant that adds it: the one it is of, or one above. Default: none, which is the operator.</summary>
    public TenantId? AddedBy { get; init; }
}

/// <summary>Why a target was not added.</summary>
public enum ExportTargetRefusal
{
    /// <summary>What it would send goes there already, or what goes there is of another unit.</summary>
    Exists,
    /// <summary>Who adds it has as many of this tenant as there may be.</summary>
    TooMany,
}

/// <summary>A target that was added, or why none was.</summary>
public sealed record ExportTargetChange(Guid? Id, ExportTargetRefusal? Refusal);

/// <summary>Where usage goes: adds targets and retires them, each with its row in the audit.</summary>
public sealed class ExportTargetAdmin(Database database, ISecretBox secrets, UsageSinks sinks, TimeProvider time, string actor = TenantAdmin.Operator)
{
    /// <summary>The most targets of one tenant that another may have added and not retired.</summary>
    public const int MaxTargets = 20;

    /// <summary>As many may be added in a day, retired or not: each is frozen for a while after its end.</summary>
    public const int MaxAddedInADay = 100;

    /// <summary>The same for somebody else.</summary>
    public ExportTargetAdmin As(string who) => new(database, secrets, sinks, time, who);

    /// <summary>Adds a target; fails when there may be none.</summary>
    public async Task<Guid> AddAsync(NewExportTarget target, CancellationToken cancellationToken) =>
        (await TryAddAsync(target, cancellationToken)).Id
            ?? throw new InvalidOperationException(
                "The tenant has a target for this customer and event name with this credential, something else is counted there, or it has too many targets.");

    /// <summary>
    /// Adds a target. Its lane is shared with all that send to the same customer with the same credential, and with nobody else:
    /// who names another's customer without the key to it gets a lane of his own, and cannot hold that one up.
    /// </summary>
    public async Task<ExportTargetChange> TryAddAsync(NewExportTarget target, CancellationToken cancellationToken)
    {
        if (sinks[target.Kind].Flaw(target.Address) is { } flaw)
            throw new ArgumentException(flaw, nameof(target));

        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (target.AddedBy is { } by && !await HasRoomAsync(connection, target.Address.Tenant, by, cancellationToken))
            return new ExportTargetChange(null, ExportTargetRefusal.TooMany);
        if (!await InsertAsync(connection, id, target, cancellationToken))
            return new ExportTargetChange(null, ExportTargetRefusal.Exists);
        await AuditTrail.WriteAsync(connection, target.Address.Tenant, actor, "export_target_added", new
        {
            target = id,
            added_by = target.AddedBy?.Value,
            kind = StorageNames.Of(target.Kind),
            event_name = target.Address.EventName,
            unit = StorageNames.Of(target.Address.Unit),
            customer = target.Address.Customer,
            account = target.Address.Account,
            endpoint = ExportTargetRow.WithoutQuery(target.Address.Endpoint),
            meter_id = target.MeterId,
        }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ExportTargetChange(id, null);
    }

    /// <summary>What is recorded from now on goes there no more; what was before still does. Safe to repeat.</summary>
    public async Task RetireAsync(Guid target, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            WITH retired AS (
              UPDATE export_target SET retired_at = clock_timestamp() WHERE id = $1 AND retired_at IS NULL RETURNING id, tenant_id
            )
            INSERT INTO audit (tenant_id, actor, action, detail) SELECT tenant_id, $2, 'export_target_retired', jsonb_build_object('target', id) FROM retired
            """);
        command.Parameters.Value(target).Value(actor);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The tenant's row makes two that are added at once wait for each other.</summary>
    private static async Task<bool> HasRoomAsync(NpgsqlConnection connection, TenantId tenant, TenantId by, CancellationToken cancellationToken)
    {
        await using var @lock = new NpgsqlCommand("SELECT id FROM tenant WHERE id = $1 FOR NO KEY UPDATE", connection);
        @lock.Parameters.Value(tenant.Value);
        await @lock.ExecuteNonQueryAsync(cancellationToken);

        await using var count = new NpgsqlCommand("""
            SELECT count(*) FILTER (WHERE retired_at IS NULL) < $3 AND count(*) FILTER (WHERE created_at > clock_timestamp() - interval '1 day') < $4
            FROM export_target WHERE tenant_id = $1 AND added_by = $2
            """, connection);
        count.Parameters.Value(tenant.Value).Value(by.Value).Value(MaxTargets).Value(MaxAddedInADay);
        return (bool)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<bool> InsertAsync(NpgsqlConnection connection, Guid id, NewExportTarget target, CancellationToken cancellationToken)
    {
        // From now on: every transaction that ended before is of no concern. From earlier on: nobody knows in which it was recorded.
        await using var command = new NpgsqlCommand("""
            WITH lane AS (
              INSERT INTO export_lane (kind, account, event_name, customer, unit) VALUES ($3, $4, $5, $6, $13)
              ON CONFLICT (kind, account, event_name, customer) DO UPDATE SET customer = excluded.customer
              RETURNING id, unit
            )
            INSERT INTO export_target (id, tenant_id, lane_id, account, credential, endpoint, meter_id, active_from, exported_before, added_by)
            SELECT $1, $2, lane.id, $7, $8, $9, $10, coalesce($11, clock_timestamp()),
                   CASE WHEN $11 IS NULL THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE '0'::xid8 END, $12
            FROM lane WHERE lane.unit = $13
            ON CONFLICT (tenant_id, lane_id) WHERE retired_at IS NULL DO NOTHING
            """, connection);
        var address = target.Address;
        command.Parameters.Value(id).Value(address.Tenant.Value).Value(StorageNames.Of(target.Kind)).Value(LaneAccount(target)).Value(address.EventName).Value(address.Customer)
            .Text(address.Account).Text(address.Credential is { } secret ? secrets.Protect(secret) : null).Text(address.Endpoint).Text(target.MeterId)
            .Instant(target.ActiveFrom).Identity(target.AddedBy?.Value).Value(StorageNames.Of(address.Unit));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Whose limits its requests count in, and whose lanes it shares.</summary>
    private static string LaneAccount(NewExportTarget target)
    {
        var address = target.Address;
        // What a tenant sends of itself must not hold up what those above it send of it.
        if (target.Kind is not SinkKind.Stripe)
            return target.AddedBy is { } by ? $"{by}/{address.Tenant}" : address.Tenant.ToString();
        var key = address.Credential is { } secret ? "key_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal())))[..16] : "platform";
        return address.Account is { } account ? $"{key}/{account}" : key;
    }
}
