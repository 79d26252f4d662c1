using Npgsql;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Thresholds of wallets. Whoever changes what is available of some holds their rows, changes them and then runs this in the
/// same transaction: a threshold that was fallen below raises its event once, and is armed again when what is available is back.
/// </summary>
internal static class WalletThresholds
{
    /// <summary>One parameter: the wallets, whose rows this transaction has locked. A wallet without a limit is never below.</summary>
    private const string Sql = """
        WITH standing AS (
          SELECT t.tenant_id, t.micros, w.granted_micros + w.credit_limit_micros - w.settled_micros - w.held_micros AS available
          FROM wallet w JOIN wallet_threshold t ON t.tenant_id = w.tenant_id
          WHERE w.tenant_id = ANY($1)
        ), turned AS (
          UPDATE wallet_threshold t SET is_below = NOT t.is_below
          FROM standing s
          WHERE t.tenant_id = s.tenant_id AND t.micros = s.micros AND t.is_below <> coalesce(s.available < s.micros, false)
          RETURNING t.tenant_id, t.micros, t.is_below, s.available
        )
        INSERT INTO wallet_event (tenant_id, kind, detail)
        SELECT tenant_id, 'balance_below', jsonb_build_object('threshold_micros', micros, 'available_micros', available)
        FROM turned WHERE is_below ORDER BY tenant_id, micros DESC
        """;

    /// <summary>The statement for a batch of the caller's, to follow the one that changed the wallets.</summary>
    public static NpgsqlBatchCommand Evaluate(Guid[] wallets)
    {
        var command = new NpgsqlBatchCommand(Sql);
        command.Parameters.Value(wallets);
        return command;
    }

    /// <summary>Evaluates them on a connection in the caller's transaction.</summary>
    public static async Task EvaluateAsync(NpgsqlConnection connection, Guid[] wallets, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Value(wallets);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
