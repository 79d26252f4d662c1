using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Step 9: who holds which lane, and what became of the batches in it. A lane is taken by raising its turn; every later write
/// names the turn and locks the lane's row first, so that one whose lane was taken meanwhile writes nothing. Waits are counted
/// by the database's clock alone.
/// </summary>
public sealed class ExportLaneStore(Database database) : IExportLanes
{
    private const string Unsent = "('pending', 'sending', 'cancelling')";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HeldLane>> TakeAsync(long process, int limit, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            UPDATE export_lane SET turn = turn + 1, held_by = $1, held_until = clock_timestamp() + $3, blocked_until = NULL
            WHERE id IN (
              SELECT l.id FROM export_lane l
              WHERE l.id IN (SELECT lane_id FROM export_event WHERE state IN {Unsent})
                AND coalesce(l.held_until, '-infinity') <= clock_timestamp() AND coalesce(l.blocked_until, '-infinity') <= clock_timestamp()
              ORDER BY l.blocked_until NULLS FIRST, l.id LIMIT $2
              FOR NO KEY UPDATE OF l SKIP LOCKED)
            RETURNING id, turn, kind, account
            """);
        command.Parameters.Value(process).Value((long)limit).Value(lease);
        var taken = new List<HeldLane>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            taken.Add(new HeldLane(reader.GetInt64(0), reader.GetInt64(1), ExportRows.Kind(reader, 2), reader.GetString(3)));
        return taken;
    }

    /// <inheritdoc/>
    public async Task<LaneHead?> PeekAsync(HeldLane lane, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT e.id, e.target_id, e.state, e.identifier, e.attempts,
                   clock_timestamp() - e.unknown_since, clock_timestamp() - e.at, clock_timestamp() - e.sent_at,
                   {ExportRows.AddressColumns}, e.body, e.body_sha256, e.key_changes, e.at, t.credential
            FROM export_event e JOIN export_target t ON t.id = e.target_id JOIN export_lane l ON l.id = e.lane_id
            WHERE e.lane_id = $1 AND l.turn = $2 AND e.state IN {Unsent}
            ORDER BY e.seq LIMIT 1
            """);
        command.Parameters.Value(lane.Id).Value(lane.Turn);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? HeadFromRow(reader) : null;
    }

    /// <inheritdoc/>
    public async Task<bool> BeginAsync(HeldLane lane, LaneHead head, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            WITH held AS (
              UPDATE export_lane SET held_until = clock_timestamp() + $5 WHERE id = $1 AND turn = $2 AND held_until > clock_timestamp() RETURNING id
            )
            UPDATE export_event e
            SET state = CASE state WHEN 'cancelling' THEN state ELSE 'sending' END, attempts = attempts + 1, next_attempt_at = NULL,
                first_attempt_at = coalesce(first_attempt_at, clock_timestamp()),
                unknown_since = coalesce(unknown_since, clock_timestamp())
            FROM held WHERE e.lane_id = held.id AND e.id = $3 AND e.attempts = $4 AND e.state IN {Unsent}
            """);
        command.Parameters.Value(lane.Id).Value(lane.Turn).Value(head.Id).Value(head.Attempt.Attempts).Value(lease);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> FinishAsync(HeldLane lane, LaneHead head, ExportStep step, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await HoldAsync(connection, lane, step, cancellationToken) || !await WriteAsync(connection, head, step, cancellationToken))
            return false;
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(HeldLane lane, TimeSpan wait, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(
            "UPDATE export_lane SET held_by = NULL, held_until = NULL, blocked_until = clock_timestamp() + $3 WHERE id = $1 AND turn = $2");
        command.Parameters.Value(lane.Id).Value(lane.Turn).Value(wait);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<TimeSpan?> OldestUnsentAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"SELECT clock_timestamp() - min(created_at) FROM export_event WHERE state IN {Unsent}");
        return await command.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }

    /// <summary>Locks the lane while it is still ours; where the batch is to be repeated, the lane keeps still and is anybody's after that.</summary>
    private static async Task<bool> HoldAsync(NpgsqlConnection connection, HeldLane lane, ExportStep step, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            UPDATE export_lane
            SET held_by = CASE WHEN $3 THEN NULL ELSE held_by END, held_until = CASE WHEN $3 THEN NULL ELSE held_until END,
                blocked_until = CASE WHEN $3 THEN clock_timestamp() + $4 END
            WHERE id = $1 AND turn = $2
            """, connection);
        command.Parameters.Value(lane.Id).Value(lane.Turn).Value(step.Next is ExportState.Pending or ExportState.Cancelling).Value(step.Wait);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<bool> WriteAsync(NpgsqlConnection connection, LaneHead head, ExportStep step, CancellationToken cancellationToken)
    {
        // An attempt that the sink surely did not take leaves nothing unknown, unless an earlier one had.
        await using var command = new NpgsqlCommand($"""
            UPDATE export_event
            SET state = $3, last_error = $4, reissue = reissue OR $3 = 'cancelled', is_duplicate = is_duplicate OR $5, key_changes = key_changes + $6::integer,
                sent_at = CASE $3 WHEN 'sent' THEN coalesce(sent_at, clock_timestamp()) ELSE sent_at END,
                unknown_since = CASE WHEN $3 IN ('pending', 'cancelling') AND $7 THEN NULL ELSE unknown_since END,
                next_attempt_at = CASE WHEN $3 IN ('pending', 'cancelling') THEN clock_timestamp() + $8 END
            WHERE id = $1 AND attempts = $2 AND state IN {Unsent}
            """, connection);
        command.Parameters.Value(head.Id).Value(head.Attempt.Attempts).Value(StorageNames.Of(step.Next)).Text(step.Error)
            .Value(step.IsDuplicate).Value(step.NewKey ? 1 : 0).Value(!step.IsUnknown && head.Attempt.UnknownFor is null).Value(step.Wait);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static LaneHead HeadFromRow(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetGuid(1),
        new ExportAttempt(ExportRows.State(reader, 2), reader.GetString(3), reader.GetInt32(4), Span(reader, 5), reader.GetTimeSpan(6), Span(reader, 7)),
        new FrozenUsage(
            ExportRows.AddressFromRow(reader, 8), reader.GetString(3), reader.GetString(14), reader.GetFieldValue<byte[]>(15), reader.GetInt32(16), reader.Instant(17)!.Value),
        reader.Text(18));

    private static TimeSpan? Span(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetTimeSpan(column);
}
