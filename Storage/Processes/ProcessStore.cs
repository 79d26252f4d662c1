using Npgsql;
using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Processes;

namespace Orchestrator.Storage.Processes;

/// <summary>Rows of processes, and the hand-over of what a lost one held.</summary>
public sealed class ProcessStore(Database database) : IProcessStore
{
    private const string Register = "INSERT INTO process (name, lease_until) VALUES ($1, clock_timestamp() + $2) RETURNING id";

    /// <inheritdoc/>
    public async Task<long> RegisterAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(Register);
        command.Parameters.Value(name).Value(LeaseRule.Duration);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc/>
    public (long Process, IReadOnlyList<HeldSession> Sessions) Reclaim(long former, string name)
    {
        using var connection = database.Source.OpenConnection();
        using var transaction = connection.BeginTransaction();

        using var register = new NpgsqlCommand(Register, connection);
        register.Parameters.Value(name).Value(LeaseRule.Duration);
        var process = (long)register.ExecuteScalar()!;

        // Rows that the reaper is taking are waited for, and then are not ours any more. In the order in which the journal locks
        // them, which may still be writing for the former life.
        using var reclaim = new NpgsqlCommand("""
            WITH held AS MATERIALIZED (
              SELECT id FROM session WHERE owner = $1 AND ended_at IS NULL ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE session s SET owner = $2, epoch = s.epoch + 1 FROM held WHERE s.id = held.id RETURNING s.id, s.epoch
            """, connection);
        reclaim.Parameters.Value(former).Value(process);
        var held = new List<HeldSession>();
        using (var reader = reclaim.ExecuteReader())
        {
            while (reader.Read())
                held.Add(new HeldSession(new SessionId(reader.GetGuid(0)), reader.GetInt32(1)));
        }

        using var runs = new NpgsqlCommand("""
            WITH run AS MATERIALIZED (
              SELECT g.id, s.epoch FROM generation g JOIN session s ON s.id = g.session_id
              WHERE s.owner = $1 AND g.closed_at IS NULL
              ORDER BY g.id FOR NO KEY UPDATE OF g
            )
            UPDATE generation g SET epoch = run.epoch FROM run WHERE g.id = run.id
            """, connection);
        runs.Parameters.Value(process);
        runs.ExecuteNonQuery();
        transaction.Commit();
        return (process, held);
    }

    /// <inheritdoc/>
    public async Task RetireAsync(long process, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(
            "UPDATE process SET dead_at = clock_timestamp(), lease_until = clock_timestamp() WHERE id = $1 AND dead_at IS NULL");
        command.Parameters.Value(process);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<long>> DeclareDeadAsync(long caller, CancellationToken cancellationToken)
    {
        // A dead process is finished for good a minute later, when no claim of its last moments can still arrive. A row that
        // somebody holds is being renewed, or declared by another; waiting for it could only end in a deadlock of two reapers.
        await using var command = database.Source.CreateCommand("""
            WITH finished AS (
              UPDATE process SET finished_at = clock_timestamp()
              WHERE id IN (
                SELECT p.id FROM process p
                WHERE p.dead_at < clock_timestamp() - interval '1 minute' AND p.finished_at IS NULL
                  AND NOT EXISTS (SELECT FROM session s WHERE s.owner = p.id AND s.ended_at IS NULL)
                FOR NO KEY UPDATE OF p SKIP LOCKED)
            )
            UPDATE process SET dead_at = clock_timestamp()
            WHERE id IN (
              SELECT id FROM process WHERE dead_at IS NULL AND lease_until < clock_timestamp() AND id <> $1
              FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id
            """);
        command.Parameters.Value(caller);
        var dead = new List<long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            dead.Add(reader.GetInt64(0));
        return dead;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LostUpstream>> FindLostAsync(long caller, IReadOnlyList<string> providers, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT s.id, s.provider, u.name
            FROM process p JOIN session s ON s.owner = p.id AND s.ended_at IS NULL
            -- A run's row may have the name before the session's own has.
            CROSS JOIN LATERAL (SELECT coalesce(s.upstream_session_id, (
              SELECT g.upstream_session_id FROM generation g WHERE g.session_id = s.id ORDER BY g.run DESC LIMIT 1))) AS u (name)
            WHERE p.dead_at IS NOT NULL AND p.finished_at IS NULL AND p.id <> $1 AND s.provider = ANY($2) AND u.name IS NOT NULL
            ORDER BY s.id LIMIT $3
            """);
        command.Parameters.Value(caller).Value(providers.ToArray()).Value(limit);
        var lost = new List<LostUpstream>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            lost.Add(new LostUpstream(new SessionId(reader.GetGuid(0)), reader.GetString(1), reader.GetString(2)));
        return lost;
    }

    /// <summary>Where no upstream outlives its process.</summary>
    public Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller, int limit, CancellationToken cancellationToken) =>
        ReapAsync(caller, limit, CallsOfLost.None, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller, int limit, CallsOfLost calls, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        var taken = await TakeAsync(connection, caller, limit, calls.Unsettled, cancellationToken);
        if (taken.Count == 0)
            return [];
        await CloseRunsAsync(connection, taken.Keys.ToArray(), calls.HungUp, cancellationToken);
        var reaped = await EndAsync(connection, taken, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return reaped;
    }

    /// <summary>
    /// Under the next epoch, from which on nothing that the lost process might still send counts. A caller that was itself
    /// declared dead takes its own sessions back at its next flush; it does not finish them.
    /// </summary>
    private static async Task<Dictionary<Guid, long>> TakeAsync(
        NpgsqlConnection connection, long caller, int limit, IReadOnlyList<SessionId> without, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH lost AS MATERIALIZED (
              SELECT s.id, s.owner FROM process p JOIN session s ON s.owner = p.id AND s.ended_at IS NULL
              WHERE p.dead_at IS NOT NULL AND p.finished_at IS NULL AND p.id <> $1 AND s.id <> ALL($3)
              ORDER BY s.id LIMIT $2
              FOR NO KEY UPDATE OF s SKIP LOCKED
            )
            UPDATE session s SET owner = $1, epoch = s.epoch + 1 FROM lost WHERE s.id = lost.id RETURNING s.id, lost.owner
            """, connection);
        command.Parameters.Value(caller).Value(limit).Value(without.Select(session => session.Value).ToArray());
        var taken = new Dictionary<Guid, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            taken.Add(reader.GetGuid(0), reader.GetInt64(1));
        return taken;
    }

    /// <summary>At their marks; of a call that went on until it was hung up, the mark is that instant, by the clock from which it began to count.</summary>
    private static async Task CloseRunsAsync(
        NpgsqlConnection connection, Guid[] sessions, IReadOnlyList<HungUp> hungUp, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH run AS MATERIALIZED (
              SELECT g.id, g.ledgered_ms, s.epoch, s.tenant_id,
                     CASE WHEN c.ago_ms IS NULL THEN g.mark_ms ELSE greatest(g.mark_ms,
                       least(g.authorised_ms, (extract(epoch FROM clock_timestamp() - g.started_at) * 1000)::bigint - c.ago_ms)) END AS mark_ms
              FROM generation g JOIN session s ON s.id = g.session_id
              LEFT JOIN unnest($3::uuid[], $4::bigint[]) AS c (session_id, ago_ms) ON c.session_id = g.session_id
              WHERE g.session_id = ANY($1) AND g.closed_at IS NULL
              ORDER BY g.id FOR NO KEY UPDATE OF g
            ), posted AS (
              INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms)
              SELECT id, tenant_id, ledgered_ms, mark_ms FROM run WHERE mark_ms > ledgered_ms
            )
            UPDATE generation g
            SET epoch = run.epoch, mark_ms = run.mark_ms, ledgered_ms = run.mark_ms, closed_at = clock_timestamp(), close_reason = $2,
                settled_at = CASE WHEN g.payers = '{}' THEN clock_timestamp() END
            FROM run WHERE g.id = run.id
            """, connection);
        command.Parameters.Value(sessions).Value(CloseCode.ProcessLost.Entry().Name)
            .Value(hungUp.Select(call => call.Session.Value).ToArray()).Value(hungUp.Select(call => (long)call.Ago.TotalMilliseconds).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<List<ReapedSession>> EndAsync(NpgsqlConnection connection, Dictionary<Guid, long> taken, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            WITH ended AS (
              UPDATE session s
              SET phase = 'ended', queue_position = NULL, queue_size = NULL,
                  generated_ms = (SELECT coalesce(sum(g.mark_ms), 0) FROM generation g WHERE g.session_id = s.id),
                  close_code = $2, close_reason = $3, changed_at = clock_timestamp(), ended_at = clock_timestamp()
              WHERE s.id = ANY($1) AND s.ended_at IS NULL
              RETURNING s.id, s.tenant_id, s.generated_ms, s.ended_at
            ), told AS (
              INSERT INTO session_event (session_id, seq, at, kind, phase, detail)
              SELECT e.id, (SELECT coalesce(max(seq), 0) + 1 FROM session_event WHERE session_id = e.id), e.ended_at, 'session_ended', 'ended',
                     jsonb_build_object('code', $2, 'reason', $3, 'generatedMs', e.generated_ms)
              FROM ended e
            ), held AS MATERIALIZED (
              SELECT h.session_id FROM hold h JOIN ended e ON e.id = h.session_id ORDER BY h.session_id FOR NO KEY UPDATE OF h
            ), due AS (
              UPDATE hold h SET is_due = true FROM held WHERE h.session_id = held.session_id
            )
            SELECT id, tenant_id, generated_ms FROM ended
            """, connection);
        command.Parameters.Value(taken.Keys.ToArray()).Value((int)CloseCode.ProcessLost).Value(CloseCode.ProcessLost.Entry().Name);
        var reaped = new List<ReapedSession>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            reaped.Add(new ReapedSession(new SessionId(reader.GetGuid(0)), reader.GetGuid(1), taken[reader.GetGuid(0)], reader.GetInt64(2)));
        return reaped;
    }
}
