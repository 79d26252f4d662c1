using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Sessions;

/// <summary>
/// The journal of live sessions. All of a batch travels at once and commits together; every statement looks again whether
/// the session is still held under the writer's epoch, having locked its row first.
/// </summary>
public sealed class JournalStore(Database database) : IJournalStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<long?>> WriteAsync(long process, JournalBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var commands = new NpgsqlBatch(connection);

        commands.BatchCommands.Add(Lock(batch));
        if (batch.Opened.Count > 0)
            commands.BatchCommands.Add(OpenRuns(batch.Opened));
        if (batch.States.Count > 0)
            commands.BatchCommands.Add(WriteStates(batch.States));
        if (batch.Events.Count > 0)
            commands.BatchCommands.Add(WriteEvents(batch.Events));
        var closed = batch.Closed.Concat(batch.Ended.SelectMany(ended => ended.Runs)).ToList();
        if (closed.Count > 0)
            commands.BatchCommands.Add(CloseRuns(closed));
        if (batch.Ended.Count > 0)
            commands.BatchCommands.Add(EndSessions(batch.Ended));
        if (batch.Tokens.Count > 0)
            TokenUsageRows.Add(commands, batch.Tokens);
        await commands.ExecuteNonQueryAsync(cancellationToken);

        var ids = batch.Opened.Count > 0 ? await FindRunsAsync(connection, batch.Opened, cancellationToken) : [];
        await transaction.CommitAsync(cancellationToken);
        return ids;
    }

    /// <inheritdoc/>
    public bool IsPermanent(Exception exception) =>
        // Data (22) and integrity (23) do not mend themselves; connections, locks and shutdowns do.
        exception is PostgresException { SqlState: ['2', '2' or '3', ..] };

    /// <summary>Rows in the order of their ids, so that two writers wait for each other instead of deadlocking.</summary>
    private static NpgsqlBatchCommand Lock(JournalBatch batch)
    {
        var sessions = batch.Opened.Concat<JournalEntry>(batch.States).Concat(batch.Events).Concat(batch.Closed).Concat(batch.Ended).Concat(batch.Tokens)
            .Select(entry => entry.Ownership).Distinct().ToList();
        var command = new NpgsqlBatchCommand("SELECT FROM session WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE");
        command.Parameters.Column(sessions, session => session.Session.Value);
        return command;
    }

    /// <summary>
    /// A run's row, keyed by session and run: what it is held for, which wallets it is charged to, what the platform pays for it, and
    /// the price that every level of the tree has for it now.
    /// </summary>
    private static NpgsqlBatchCommand OpenRuns(IReadOnlyList<GenerationOpened> opened)
    {
        var command = new NpgsqlBatchCommand("""
            WITH opened AS (
              INSERT INTO generation (session_id, run, upstream_session_id, epoch, started_at, authorised_ms, payers, cost_version_id)
              SELECT s.id, o.run, o.upstream, s.epoch, o.started_at,
                     (SELECT h.authorised_ms FROM hold h WHERE h.session_id = s.id AND h.run = o.run),
                     ARRAY(SELECT w.tenant_id FROM wallet w WHERE w.tenant_id = ANY(s.path) ORDER BY w.tenant_id),
                     (SELECT c.id FROM cost_version c JOIN tenant t ON t.id = s.tenant_id AND t.currency = c.currency
                      WHERE c.provider = s.provider AND c.unit = 'second' AND (c.model = s.model OR c.model IS NULL)
                        AND c.valid_from <= o.started_at AND (c.valid_until IS NULL OR o.started_at < c.valid_until)
                      ORDER BY c.model NULLS LAST LIMIT 1)
              FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[], $5::timestamptz[]) AS o (session_id, epoch, run, upstream, started_at)
              JOIN session s ON s.id = o.session_id AND s.epoch = o.epoch AND s.ended_at IS NULL
              ORDER BY s.id, o.run
              ON CONFLICT (session_id, run) DO NOTHING
              RETURNING id, session_id, started_at
            )
            INSERT INTO generation_price (generation_id, tenant_id, price_version_id)
            SELECT o.id, level.tenant_id, price.id
            FROM opened o
            JOIN session s ON s.id = o.session_id
            CROSS JOIN LATERAL unnest(s.path) AS level (tenant_id)
            CROSS JOIN LATERAL price_at(level.tenant_id, s.model, o.started_at) AS price (id)
            WHERE price.id IS NOT NULL
            """);
        command.Parameters
            .Column(opened, run => run.Ownership.Session.Value)
            .Column(opened, run => run.Ownership.Epoch)
            .Column(opened, run => run.Generation.Run)
            .Column(opened, NpgsqlDbType.Text, run => run.Generation.Upstream)
            .Column(opened, run => run.Generation.StartedAt.UtcDateTime);
        return command;
    }

    private static NpgsqlBatchCommand WriteStates(IReadOnlyList<StateChanged> states)
    {
        var command = new NpgsqlBatchCommand("""
            UPDATE session s
            SET phase = c.phase, node_status = c.node_status, queue_position = c.queue_position, queue_size = c.queue_size,
                upstream_session_id = c.upstream, dialect = coalesce(c.dialect, s.dialect), changed_at = clock_timestamp()
            FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::integer[], $6::integer[], $7::text[], $8::text[])
              AS c (id, epoch, phase, node_status, queue_position, queue_size, upstream, dialect)
            WHERE s.id = c.id AND s.epoch = c.epoch AND s.ended_at IS NULL
            """);
        command.Parameters
            .Column(states, change => change.Ownership.Session.Value)
            .Column(states, change => change.Ownership.Epoch)
            .Column(states, change => Name(change.State.Phase))
            .Column(states, NpgsqlDbType.Text, change => Name(change.State.Node))
            .Column(states, NpgsqlDbType.Integer, change => change.State.QueuePosition)
            .Column(states, NpgsqlDbType.Integer, change => change.State.QueueSize)
            .Column(states, NpgsqlDbType.Text, change => change.State.Upstream)
            .Column(states, NpgsqlDbType.Text, change => change.Dialect);
        return command;
    }

    /// <summary>Events, keyed by session and sequence.</summary>
    private static NpgsqlBatchCommand WriteEvents(IReadOnlyList<TimelineEvent> events)
    {
        var command = new NpgsqlBatchCommand("""
            INSERT INTO session_event (session_id, seq, at, kind, phase, detail)
            SELECT s.id, e.seq, e.at, e.kind, e.phase, e.detail
            FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::jsonb[])
              AS e (session_id, epoch, seq, at, kind, phase, detail)
            JOIN session s ON s.id = e.session_id AND s.epoch = e.epoch AND s.ended_at IS NULL
            ON CONFLICT (session_id, seq) DO NOTHING
            """);
        command.Parameters
            .Column(events, happened => happened.Ownership.Session.Value)
            .Column(events, happened => happened.Ownership.Epoch)
            .Column(events, happened => happened.Sequence)
            .Column(events, happened => happened.At.UtcDateTime)
            .Column(events, happened => happened.Kind)
            .Column(events, NpgsqlDbType.Text, happened => happened.Phase is { } phase ? Name(phase) : null)
            .Column(events, NpgsqlDbType.Jsonb, happened => happened.Detail);
        return command;
    }

    /// <summary>
    /// The last range of each run, and its close. A run that is closed already is left as it is. The wallets that it is charged to
    /// follow in a transaction of their own, so that nobody's wallet delays the journal of others.
    /// </summary>
    private static NpgsqlBatchCommand CloseRuns(IReadOnlyList<GenerationClosed> closed)
    {
        var command = new NpgsqlBatchCommand("""
            WITH run AS MATERIALIZED (
              SELECT g.id, g.ledgered_ms, greatest(g.mark_ms, c.mark_ms) AS mark_ms, c.reason, c.claimed_ms, c.blind_ms, s.tenant_id
              FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[])
                AS c (session_id, epoch, run, mark_ms, reason, claimed_ms, blind_ms)
              JOIN session s ON s.id = c.session_id AND s.epoch = c.epoch AND s.ended_at IS NULL
              JOIN generation g ON g.session_id = c.session_id AND g.run = c.run
              WHERE g.closed_at IS NULL
              ORDER BY g.id FOR NO KEY UPDATE OF g
            ), posted AS (
              INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms)
              SELECT id, tenant_id, ledgered_ms, mark_ms FROM run WHERE mark_ms > ledgered_ms
            )
            UPDATE generation g
            SET mark_ms = run.mark_ms, ledgered_ms = run.mark_ms, claimed_ms = run.claimed_ms, closed_at = clock_timestamp(), close_reason = run.reason,
                blind_ms = greatest(g.blind_ms, run.blind_ms), settled_at = CASE WHEN g.payers = '{}' THEN clock_timestamp() END
            FROM run WHERE g.id = run.id
            """);
        command.Parameters
            .Column(closed, run => run.Ownership.Session.Value)
            .Column(closed, run => run.Ownership.Epoch)
            .Column(closed, run => run.Generation.Run)
            .Column(closed, run => run.Generation.MarkMs)
            .Column(closed, run => run.Reason)
            .Column(closed, NpgsqlDbType.Bigint, run => run.ClaimedMs)
            .Column(closed, run => run.Generation.BlindMs);
        return command;
    }

    /// <summary>The one end of each session: what is updated here was not ended, and only what was updated gets its event.</summary>
    private static NpgsqlBatchCommand EndSessions(IReadOnlyList<SessionEnded> ended)
    {
        var command = new NpgsqlBatchCommand("""
            WITH ended AS (
              UPDATE session s
              SET phase = 'ended', node_status = e.node_status, queue_position = NULL, queue_size = NULL, upstream_session_id = e.upstream,
                  generated_ms = (SELECT coalesce(sum(g.mark_ms), 0) FROM generation g WHERE g.session_id = s.id),
                  close_code = e.code, close_reason = e.reason, changed_at = clock_timestamp(), ended_at = clock_timestamp()
              FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::timestamptz[], $5::integer[], $6::text[], $7::text[], $8::text[])
                AS e (id, epoch, seq, at, code, reason, node_status, upstream)
              WHERE s.id = e.id AND s.epoch = e.epoch AND s.ended_at IS NULL
              RETURNING s.id, e.seq, e.at, e.code, e.reason, s.generated_ms
            ), held AS MATERIALIZED (
              SELECT h.session_id FROM hold h JOIN ended e ON e.id = h.session_id ORDER BY h.session_id FOR NO KEY UPDATE OF h
            ), due AS (
              UPDATE hold h SET is_due = true FROM held WHERE h.session_id = held.session_id
            )
            INSERT INTO session_event (session_id, seq, at, kind, phase, detail)
            SELECT id, seq, at, 'session_ended', 'ended', jsonb_build_object('code', code, 'reason', reason, 'generatedMs', generated_ms) FROM ended
            """);
        command.Parameters
            .Column(ended, end => end.Ownership.Session.Value)
            .Column(ended, end => end.Ownership.Epoch)
            .Column(ended, end => end.Sequence)
            .Column(ended, end => end.At.UtcDateTime)
            .Column(ended, end => (int)end.Code)
            .Column(ended, end => end.Code.Entry().Name)
            .Column(ended, NpgsqlDbType.Text, end => Name(end.State.Node))
            .Column(ended, NpgsqlDbType.Text, end => end.State.Upstream);
        return command;
    }

    private static async Task<IReadOnlyList<long?>> FindRunsAsync(
        NpgsqlConnection connection, IReadOnlyList<GenerationOpened> opened, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT o.place, g.id
            FROM unnest($1::uuid[], $2::integer[], $3::integer[]) WITH ORDINALITY AS o (session_id, epoch, run, place)
            JOIN generation g ON g.session_id = o.session_id AND g.run = o.run AND g.epoch = o.epoch
            """, connection);
        command.Parameters
            .Column(opened, run => run.Ownership.Session.Value)
            .Column(opened, run => run.Ownership.Epoch)
            .Column(opened, run => run.Generation.Run);
        var ids = new long?[opened.Count];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            ids[reader.GetInt64(0) - 1] = reader.GetInt64(1);
        return ids;
    }

    private static string Name(SessionPhase phase) => StorageNames.Of(phase);

    private static string? Name(NodeStatus? status) => status is { } known ? StorageNames.Of(known) : null;
}
