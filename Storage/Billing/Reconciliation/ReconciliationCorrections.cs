using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing.Reconciliation;

/// <summary>
/// Corrections as rows of their own. Each begins with its key in <c>reconciliation_correction</c>, in one transaction with all that
/// follows, which makes a repetition harmless.
/// </summary>
public sealed class ReconciliationCorrections(Database database) : IReconciliationCorrections
{
    /// <inheritdoc/>
    public Task<CorrectionResult> ConfirmAsync(Guid batch, CorrectionOrder order, CancellationToken cancellationToken) => BatchAsync(
        batch, "confirmed as sent: the sink counts it", order, """
        UPDATE export_event e SET state = 'sent', sent_at = coalesce(e.sent_at, e.unknown_since, e.first_attempt_at, e.created_at), unknown_since = NULL
        FROM export_target t WHERE e.id = $1 AND t.id = e.target_id AND e.state = 'uncertain' AND NOT e.reissue
        RETURNING e.value, t.tenant_id, (SELECT l.unit FROM export_lane l WHERE l.id = t.lane_id)
        """, cancellationToken);

    /// <inheritdoc/>
    public Task<CorrectionResult> ReissueAsync(Guid batch, CorrectionOrder order, CancellationToken cancellationToken) => BatchAsync(
        batch, "issued anew under another identifier: the sink does not count it", order, """
        UPDATE export_event e SET state = CASE e.state WHEN 'sent' THEN 'failed_async' ELSE e.state END,
          reissue = true, last_error = coalesce(e.last_error, 'not counted by the sink')
        FROM export_target t
        WHERE e.id = $1 AND t.id = e.target_id AND e.state IN ('sent', 'uncertain', 'failed_async', 'rejected') AND NOT e.reissue
          AND NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = e.id)
        RETURNING e.value, t.tenant_id, (SELECT l.unit FROM export_lane l WHERE l.id = t.lane_id)
        """, cancellationToken);

    /// <inheritdoc/>
    public async Task<CorrectionResult> NetAsync(Finding finding, Guid target, long seconds, CorrectionOrder order, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var amount = finding.Unit.Words(seconds);
        var key = finding.Key ?? throw new ArgumentException("What is netted has a key.", nameof(finding));
        if (!await BeginAsync(connection, key, "netted", seconds, order, cancellationToken))
            return new CorrectionResult($"{amount} were put right before", IsDone: false, seconds);

        await using var owner = new NpgsqlCommand(
            "SELECT t.tenant_id, w.tenant_id IS NOT NULL FROM export_target t LEFT JOIN wallet w ON w.tenant_id = t.tenant_id WHERE t.id = $1", connection);
        owner.Parameters.Value(target);
        var (tenant, hasWallet) = (await owner.ListAsync(reader => (new TenantId(reader.GetGuid(0)), reader.GetBoolean(1)), cancellationToken)).Single();
        if (!hasWallet)
            return new CorrectionResult($"tenant {tenant} has no wallet to enter a correction of {amount} in: give it one, unlimited if it is only to count",
                IsDone: false, seconds);

        await EntryAsync(connection, tenant, $"reconcile:{key}", micros: 0, -seconds, generation: null, target, order, cancellationToken);
        var isAskedBack = await AskBackAsync(connection, target, seconds, [.. finding.Events], cancellationToken);
        await AuditTrail.WriteAsync(connection, tenant, order.Actor, "reconciliation_netted", new { target, seconds, key, reason = order.Reason }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new CorrectionResult(Words($"target {target}: {amount}", isAskedBack), IsDone: true, seconds);
    }

    /// <inheritdoc/>
    public async Task<CorrectionResult> GiveBackAsync(Finding finding, CorrectionOrder order, CancellationToken cancellationToken)
    {
        if (finding is not { Key: { } key, Generation: { } generation, ProviderMs: { } milliseconds })
            return new CorrectionResult("the session has more than one run, or an open one: nobody can say which was billed too much", IsDone: false, finding.Amount);

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await BeginAsync(connection, key, "given back", finding.Amount, order, cancellationToken))
            return new CorrectionResult($"run {generation} was put right before", IsDone: false, finding.Amount);

        var words = new List<string>();
        foreach (var level in await LevelsAsync(connection, generation, cancellationToken))
        {
            var micros = level.IsPayer ? Math.Max(0, level.Micros - level.Price.Settled(milliseconds, closed: true)) : 0;
            var seconds = Math.Max(0, level.Seconds - level.Price.Rounding.Units(milliseconds, closed: true));
            if (!level.HasWallet)
            {
                words.Add($"tenant {level.Tenant} has no wallet, so its {seconds} s stay");
                continue;
            }

            if (micros == 0 && seconds == 0)
                continue;
            await EntryAsync(connection, level.Tenant, $"reconcile:{key}", micros, -seconds, generation, target: null, order, cancellationToken);
            var isAskedBack = false;
            foreach (var target in seconds == 0 ? [] : await TargetsAsync(connection, level.Tenant, generation, cancellationToken))
                isAskedBack |= await AskBackAsync(connection, target.Target, seconds, target.Batches, cancellationToken);
            await AuditTrail.WriteAsync(connection, level.Tenant, order.Actor, "reconciliation_given_back",
                new { generation, micros, seconds, key, reason = order.Reason }, cancellationToken);
            words.Add(Words($"tenant {level.Tenant}: {micros} micros, {seconds} s", isAskedBack));
        }

        await transaction.CommitAsync(cancellationToken);
        return new CorrectionResult($"run {generation} given back at every level: {string.Join("; ", words)}", IsDone: true, finding.Amount);
    }

    private async Task<CorrectionResult> BatchAsync(Guid batch, string action, CorrectionOrder order, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Value(batch);
        var changed = await command.ListAsync(
            reader => (Seconds: reader.GetInt64(0), Tenant: new TenantId(reader.GetGuid(1)), Unit: StorageNames.Parse<UsageUnit>(reader.GetString(2))), cancellationToken);
        if (changed.Count == 0)
            return new CorrectionResult($"batch {batch} stands otherwise by now", IsDone: false, 0);
        var (seconds, tenant, unit) = changed[0];
        await BeginAsync(connection, $"batch:{batch}", action, seconds, order, cancellationToken);
        await AuditTrail.WriteAsync(connection, tenant, order.Actor, "reconciliation_batch", new { batch, action, seconds, reason = order.Reason }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new CorrectionResult($"batch {batch} of {unit.Words(seconds)} {action}", IsDone: true, seconds);
    }

    /// <summary>Claims the key; false where it is taken.</summary>
    private static async Task<bool> BeginAsync(NpgsqlConnection connection, string key, string action, decimal seconds, CorrectionOrder order, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "INSERT INTO reconciliation_correction (key, action, seconds, actor, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", connection);
        command.Parameters.Value(key).Value(action).Value(seconds).Value(order.Actor).Value(order.Reason);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task EntryAsync(
        NpgsqlConnection connection, TenantId tenant, string key, long micros, long seconds, long? generation, Guid? target, CorrectionOrder order,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH posted AS (
              INSERT INTO wallet_entry (tenant_id, key, kind, micros, actor, reason, generation_id, seconds, export_target_id)
              VALUES ($1, $2, 'correction', $3, $4, $5, $6, nullif($7, 0), $8) RETURNING micros
            )
            UPDATE wallet w SET granted_micros = w.granted_micros + posted.micros FROM posted WHERE w.tenant_id = $1
            """, connection);
        command.Parameters.Value(tenant.Value).Value(key).Value(micros).Value(order.Actor).Value(order.Reason);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)generation ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Value(seconds);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)target ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        await command.ExecuteNonQueryAsync(cancellationToken);
        if (micros != 0)
            await WalletThresholds.EvaluateAsync(connection, [tenant.Value], cancellationToken);
    }

    /// <summary>
    /// Asks for a batch back that the sink took within the last day, if one is worth that much: those it is about before others. The
    /// target is due at once, so that the correction is frozen and what was asked back goes out for less.
    /// </summary>
    private static async Task<bool> AskBackAsync(NpgsqlConnection connection, Guid target, long seconds, Guid[] preferred, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH due AS (UPDATE export_target SET frozen_at = NULL WHERE id = $1 AND retired_at IS NULL), back AS (
              SELECT e.id FROM export_event e JOIN export_lane l ON l.id = e.lane_id
              WHERE e.target_id = $1 AND l.kind = 'stripe' AND e.state = 'sent' AND e.sent_at > clock_timestamp() - $2 AND e.value >= $3
              ORDER BY e.id = ANY ($4) DESC, e.seq DESC LIMIT 1 FOR NO KEY UPDATE OF e
            )
            UPDATE export_event e SET state = 'cancelling', unknown_since = NULL, last_error = NULL FROM back WHERE e.id = back.id
            """, connection);
        command.Parameters.Value(target).Value(ExportMachine.CancellableFor).Value(seconds).Value(preferred);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<IReadOnlyList<Level>> LevelsAsync(NpgsqlConnection connection, long generation, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT p.tenant_id, v.micros_per_unit, v.rounding, v.step_seconds, v.minimum_seconds, p.tenant_id = ANY (g.payers), w.tenant_id IS NOT NULL,
                   coalesce(c.micros, 0)::bigint, coalesce(c.seconds, 0)::bigint
            FROM generation g JOIN generation_price p ON p.generation_id = g.id JOIN price_version v ON v.id = p.price_version_id
            LEFT JOIN wallet w ON w.tenant_id = p.tenant_id
            LEFT JOIN LATERAL (SELECT sum(micros) AS micros, sum(seconds) AS seconds FROM ledger_charge WHERE generation_id = g.id AND payer_id = p.tenant_id) c ON true
            WHERE g.id = $1 AND g.closed_at IS NOT NULL ORDER BY p.tenant_id
            """, connection);
        command.Parameters.Value(generation);
        return await command.ListAsync(reader => new Level(
            new TenantId(reader.GetGuid(0)), PriceRows.FromRow(reader, 1)!, reader.GetBoolean(5), reader.GetBoolean(6), reader.GetInt64(7), reader.GetInt64(8)), cancellationToken);
    }

    private static async Task<IReadOnlyList<(Guid Target, Guid[] Batches)>> TargetsAsync(
        NpgsqlConnection connection, TenantId tenant, long generation, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT t.id, array_agg(DISTINCT i.export_event_id)
            FROM export_target t JOIN export_item i ON i.target_id = t.id JOIN usage_ledger l ON l.id = i.ledger_id
            WHERE t.tenant_id = $1 AND l.generation_id = $2 GROUP BY t.id
            """, connection);
        command.Parameters.Value(tenant.Value).Value(generation);
        return await command.ListAsync(reader => (reader.GetGuid(0), reader.GetFieldValue<Guid[]>(1)), cancellationToken);
    }

    private static string Words(string what, bool isAskedBack) =>
        isAskedBack ? $"{what}: a batch of the last day is asked back and goes out for less" : $"{what}: netted against what follows";

    private sealed record Level(TenantId Tenant, Price Price, bool IsPayer, bool HasWallet, long Micros, long Seconds);
}
