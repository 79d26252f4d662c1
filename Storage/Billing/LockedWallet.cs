using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>A wallet as its locked row tells it.</summary>
internal sealed record LockedWallet(TenantId Tenant, WalletBalance Balance, TimeSpan? Blind)
{
    /// <summary>The columns that <see cref="FromRow"/> reads, in their order.</summary>
    public const string Columns = "w.tenant_id, w.granted_micros, w.settled_micros, w.held_micros, w.credit_limit_micros, w.blind_seconds";

    public static LockedWallet FromRow(NpgsqlDataReader reader) => new(
        new TenantId(reader.GetGuid(0)),
        new WalletBalance(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.Number(4)),
        reader.Count(5) is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    /// <summary>How long a session below these wallets may go on unheld: as long as the strictest allows.</summary>
    public static TimeSpan? BlindOf(IEnumerable<LockedWallet> wallets) => wallets.Min(wallet => wallet.Blind);

    /// <summary>Adds what changed to the rows.</summary>
    public static NpgsqlBatchCommand Write(WalletTree tree)
    {
        var changes = tree.Changes;
        var command = new NpgsqlBatchCommand("""
            UPDATE wallet w SET settled_micros = w.settled_micros + c.settled, held_micros = w.held_micros + c.held
            FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (tenant_id, settled, held)
            WHERE w.tenant_id = c.tenant_id
            """);
        command.Parameters.Column(changes, change => change.Tenant.Value).Column(changes, change => change.Settled).Column(changes, change => change.Held);
        return command;
    }
}
