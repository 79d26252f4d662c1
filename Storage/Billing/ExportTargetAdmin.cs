using System.Security.Cryptography;
using System.Text;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;

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
}

/// <summary>Where usage goes: adds targets and retires them.</summary>
public sealed class ExportTargetAdmin(Database database, ISecretBox secrets, UsageSinks sinks, TimeProvider time)
{
    /// <summary>
    /// Adds a target. Its lane is shared with all that send to the same customer with the same credential, and with nobody else:
    /// who names another's customer without the key to it gets a lane of his own, and cannot hold that one up.
    /// </summary>
    public async Task<Guid> AddAsync(NewExportTarget target, CancellationToken cancellationToken)
    {
        if (sinks[target.Kind].Flaw(target.Address) is { } flaw)
            throw new ArgumentException(flaw, nameof(target));

        var id = Guid.CreateVersion7(time.GetUtcNow());
        // From now on: every transaction that ended before is of no concern. From earlier on: nobody knows in which it was recorded.
        await using var command = database.Source.CreateCommand("""
            WITH lane AS (
              INSERT INTO export_lane (kind, account, event_name, customer) VALUES ($3, $4, $5, $6)
              ON CONFLICT (kind, account, event_name, customer) DO UPDATE SET customer = excluded.customer
              RETURNING id
            )
            INSERT INTO export_target (id, tenant_id, lane_id, account, credential, endpoint, meter_id, active_from, exported_before)
            SELECT $1, $2, lane.id, $7, $8, $9, $10, coalesce($11, clock_timestamp()),
                   CASE WHEN $11 IS NULL THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE '0'::xid8 END
            FROM lane
            """);
        var address = target.Address;
        command.Parameters.Value(id).Value(address.Tenant.Value).Value(StorageNames.Of(target.Kind)).Value(LaneAccount(target)).Value(address.EventName).Value(address.Customer)
            .Text(address.Account).Text(address.Credential is { } secret ? secrets.Protect(secret) : null).Text(address.Endpoint).Text(target.MeterId)
            .Instant(target.ActiveFrom);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return id;
    }

    /// <summary>What is recorded from now on goes there no more; what was before still does. Safe to repeat.</summary>
    public async Task RetireAsync(Guid target, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("UPDATE export_target SET retired_at = clock_timestamp() WHERE id = $1 AND retired_at IS NULL");
        command.Parameters.Value(target);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Whose limits its requests count in, and whose lanes it shares.</summary>
    private static string LaneAccount(NewExportTarget target)
    {
        var address = target.Address;
        if (target.Kind is not SinkKind.Stripe)
            return address.Tenant.ToString();
        var key = address.Credential is { } secret ? "key_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret.Reveal())))[..16] : "platform";
        return address.Account is { } account ? $"{key}/{account}" : key;
    }
}
