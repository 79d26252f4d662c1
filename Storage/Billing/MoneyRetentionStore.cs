using System.Diagnostics;
using Orchestrator.Grains.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Deletes old rows beside money. One process at a time: the others find the advisory lock taken and do nothing. A ledger row whose
/// batch is gone does not go out again: a target looks at transactions from its cursor on, and never back.
/// </summary>
public sealed class MoneyRetentionStore(Database database) : IMoneyRetention
{
    private const string Alone = "pg_try_advisory_xact_lock(hashtext('orchestrator retention'), hashtext(current_schema()))";

    // One that a correction was netted against is kept beside it, so that what stays still adds up.
    // A batch goes with those that it was issued anew for: one that stayed behind could be issued once more.
    private const string Exports = $"""
        WITH RECURSIVE old AS MATERIALIZED (
          SELECT e.id, e.replaces FROM export_event e
          WHERE e.state IN ('sent', 'skipped') AND NOT e.reissue
            AND e.created_at < clock_timestamp() - $1 AND coalesce(e.sent_at, e.created_at) < clock_timestamp() - $1
            AND NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = e.id)
            AND NOT EXISTS (SELECT FROM export_item i WHERE i.export_event_id = e.id AND i.wallet_entry_id IS NOT NULL)
            AND e.value = (SELECT coalesce(sum(i.seconds), 0) FROM export_item i WHERE i.export_event_id = e.id)
            AND {Alone}
          ORDER BY e.created_at LIMIT $2
        ), chain AS (
          SELECT id, replaces FROM old
          UNION ALL
          SELECT p.id, p.replaces FROM chain c JOIN export_event p ON p.id = c.replaces
        ), items AS (
          DELETE FROM export_item i USING chain c WHERE i.export_event_id = c.id
        ), events AS (
          DELETE FROM export_event e USING chain c WHERE e.id = c.id
        )
        SELECT count(*)::integer FROM old
        """;

    private const string WebhookEvents = $"""
        WITH old AS MATERIALIZED (
          SELECT id FROM webhook_event WHERE due_at IS NULL AND received_at < clock_timestamp() - $1 AND {Alone} ORDER BY received_at LIMIT $2
        ), gone AS (
          DELETE FROM webhook_event w USING old WHERE w.id = old.id
        )
        SELECT count(*)::integer FROM old
        """;

    private const string Audit = $"""
        WITH old AS MATERIALIZED (
          SELECT id FROM audit WHERE at < clock_timestamp() - $1 AND {Alone} ORDER BY at LIMIT $2
        ), gone AS (
          DELETE FROM audit a USING old WHERE a.id = old.id
        )
        SELECT count(*)::integer FROM old
        """;

    /// <inheritdoc/>
    public async Task<int> PruneAsync(SideRows rows, TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(rows switch
        {
            SideRows.Exports       => Exports,
            SideRows.WebhookEvents => WebhookEvents,
            SideRows.Audit         => Audit,
            _                      => throw new UnreachableException($"Nobody deletes {rows}."),
        });
        command.Parameters.Value(age).Value(limit);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
