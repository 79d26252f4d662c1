using Orchestrator.Grains.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>Step 9: ledger ranges of runs that are still open.</summary>
public sealed class SettlementStore(Database database) : ISettlementStore
{
    /// <inheritdoc/>
    public async Task<long> SettleAsync(IReadOnlyList<long> ids, IReadOnlyList<int> epochs, CancellationToken cancellationToken)
    {
        // A flush may raise a mark while its row is being waited for. The update first meets the row as it was when the statement
        // began, constraints included, so it brings the mark that it settles along.
        await using var command = database.Source.CreateCommand("""
            WITH due AS MATERIALIZED (
              SELECT g.id, g.ledgered_ms, g.mark_ms, s.tenant_id
              FROM generation g JOIN session s ON s.id = g.session_id
              JOIN unnest($1::bigint[], $2::integer[]) AS d (id, epoch) ON g.id = d.id AND g.epoch = d.epoch
              WHERE g.closed_at IS NULL AND g.mark_ms > g.ledgered_ms
              ORDER BY g.id FOR NO KEY UPDATE OF g
            ), posted AS (
              INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms)
              SELECT id, tenant_id, ledgered_ms, mark_ms FROM due
              RETURNING to_ms - from_ms AS ms
            ), settled AS (
              UPDATE generation g SET mark_ms = due.mark_ms, ledgered_ms = due.mark_ms FROM due WHERE g.id = due.id
            )
            SELECT coalesce(sum(ms), 0)::bigint FROM posted
            """);
        command.Parameters.Add(new() { Value = ids.ToArray() });
        command.Parameters.Add(new() { Value = epochs.ToArray() });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
