using Orchestrator.Grains.Sessions;

namespace Orchestrator.Storage.Sessions;

/// <summary>Deletes old timelines. One process at a time: the others find the advisory lock taken and do nothing.</summary>
public sealed class RetentionStore(Database database) : IRetentionStore
{
    /// <inheritdoc/>
    public async Task<int> PruneAsync(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            WITH old AS MATERIALIZED (
              SELECT s.id, EXISTS (SELECT FROM generation g WHERE g.session_id = s.id) OR EXISTS (SELECT FROM token_meter m WHERE m.session_id = s.id) AS stays
              FROM session s
              WHERE s.ended_at < clock_timestamp() - $1 AND s.pruned_at IS NULL AND pg_try_advisory_xact_lock(hashtext('orchestrator retention'), hashtext(current_schema()))
              ORDER BY s.ended_at LIMIT $2
            ), events AS (
              DELETE FROM session_event e USING old WHERE e.session_id = old.id
            ), sessions AS (
              DELETE FROM session s USING old WHERE s.id = old.id AND NOT old.stays
            ), pruned AS (
              UPDATE session s SET pruned_at = clock_timestamp() FROM old WHERE s.id = old.id AND old.stays
            )
            SELECT count(*)::integer FROM old
            """);
        command.Parameters.Value(age).Value(limit);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
