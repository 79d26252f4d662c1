using Npgsql;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Sessions;

/// <summary>What people may see of sessions. The viewer stands in every path it may see, and the statement asks for that.</summary>
public sealed class SessionQueries(Database database) : ISessionQueries
{
    // A live session's seconds are those of its runs; an ended one's stand in its row. So does what its provider calls it, once its row has that.
    private const string Columns = """
        s.id, s.tenant_id, s.end_user, s.provider, s.model, s.dialect, s.metadata::text, s.phase, s.node_status, s.queue_position, s.queue_size,
        coalesce(s.upstream_session_id, (SELECT g.upstream_session_id FROM generation g WHERE g.session_id = s.id ORDER BY g.run DESC LIMIT 1)), s.owner, s.epoch,
        CASE WHEN s.ended_at IS NULL THEN (SELECT coalesce(sum(g.mark_ms), 0)::bigint FROM generation g WHERE g.session_id = s.id) ELSE s.generated_ms END,
        s.close_code, s.created_at, s.changed_at, s.ended_at
        """;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SessionRow>> ListAsync(
        TenantId viewer, bool liveOnly, SessionId? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT {Columns} FROM session s
            WHERE s.tenant_id = ANY (ARRAY(SELECT t.id FROM tenant t WHERE t.path @> ARRAY[$1]))
              AND ($2::uuid IS NULL OR s.id < $2) {(liveOnly ? "AND s.ended_at IS NULL" : "")}
            ORDER BY s.id DESC LIMIT $3
            """);
        command.Parameters.Value(viewer.Value);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)before?.Value ?? DBNull.Value });
        command.Parameters.Value(limit);
        return await ReadAsync(command, FromRow, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> CountLiveAsync(TenantId viewer, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT count(*)::integer FROM session s
            WHERE s.tenant_id = ANY (ARRAY(SELECT t.id FROM tenant t WHERE t.path @> ARRAY[$1])) AND s.ended_at IS NULL
            """);
        command.Parameters.Value(viewer.Value);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc/>
    public async Task<SessionRow?> FindAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"SELECT {Columns} FROM session s WHERE s.id = $1 AND s.path @> ARRAY[$2]");
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return (await ReadAsync(command, FromRow, cancellationToken)).SingleOrDefault();
    }

    /// <inheritdoc/>
    public async Task<SessionRow?> FindLiveAsync(TenantId viewer, string upstream, bool isRoom, CancellationToken cancellationToken)
    {
        // Among the viewer's live sessions, which have an index; a room's name stands where the provider named its session.
        await using var command = database.Source.CreateCommand($"""
            SELECT {Columns} FROM session s
            WHERE s.tenant_id = ANY (ARRAY(SELECT t.id FROM tenant t WHERE t.path @> ARRAY[$1])) AND s.ended_at IS NULL
              AND {(isRoom
                  ? "EXISTS (SELECT FROM session_event e WHERE e.session_id = s.id AND e.kind = 'upstream_named' AND e.detail ->> 'room' = $2)"
                  : "s.upstream_session_id = $2")}
            ORDER BY s.id DESC LIMIT 1
            """);
        command.Parameters.Value(viewer.Value).Value(upstream);
        return (await ReadAsync(command, FromRow, cancellationToken)).SingleOrDefault();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GenerationRow>> GenerationsAsync(SessionId session, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT g.run, g.upstream_session_id, g.mark_ms, g.ledgered_ms, g.claimed_ms, g.started_at, g.closed_at, g.close_reason,
                   p.micros_per_unit, p.rounding, p.step_seconds, p.minimum_seconds, t.currency,
                   ARRAY(SELECT l.from_ms FROM usage_ledger l WHERE l.generation_id = g.id ORDER BY l.from_ms),
                   ARRAY(SELECT l.to_ms FROM usage_ledger l WHERE l.generation_id = g.id ORDER BY l.from_ms),
                   ARRAY(SELECT l.recorded_at FROM usage_ledger l WHERE l.generation_id = g.id ORDER BY l.from_ms)
            FROM generation g
            JOIN session s ON s.id = g.session_id
            JOIN tenant t ON t.id = s.tenant_id
            LEFT JOIN generation_price gp ON gp.generation_id = g.id AND gp.tenant_id = s.tenant_id
            LEFT JOIN price_version p ON p.id = gp.price_version_id
            WHERE g.session_id = $1 ORDER BY g.run
            """);
        command.Parameters.Value(session.Value);
        return await ReadAsync(command, reader => new GenerationRow(
            reader.GetInt32(0), reader.Text(1), reader.GetInt64(2), reader.GetInt64(3), reader.Number(4), reader.Instant(5)!.Value, reader.Instant(6),
            reader.Text(7), PriceRows.FromRow(reader, 8), reader.GetString(12), Ledger(reader, 13)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TimelineRow>> TimelineAsync(SessionId session, int after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(
            "SELECT seq, at, kind, phase, detail::text FROM session_event WHERE session_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        command.Parameters.Value(session.Value).Value(after).Value(limit);
        return await ReadAsync(command, reader => new TimelineRow(
            reader.GetInt32(0), reader.Instant(1)!.Value, reader.GetString(2), reader.Text(3), reader.Text(4)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RequestEndAsync(SessionId session, CloseCode code, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand(
            "UPDATE session SET end_requested = $2 WHERE id = $1 AND ended_at IS NULL AND end_requested IS NULL");
        command.Parameters.Value(session.Value).Value((int)code);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static SessionRow FromRow(NpgsqlDataReader reader) => new(
        new SessionId(reader.GetGuid(0)), new TenantId(reader.GetGuid(1)), reader.Text(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
        reader.Text(6), reader.GetString(7), reader.Text(8), reader.Count(9), reader.Count(10), reader.Text(11), reader.GetInt64(12), reader.GetInt32(13),
        reader.GetInt64(14), (CloseCode?)reader.Count(15), reader.Instant(16)!.Value, reader.Instant(17)!.Value, reader.Instant(18));

    private static LedgerRange[] Ledger(NpgsqlDataReader reader, int column)
    {
        var (from, to, at) = (reader.GetFieldValue<long[]>(column), reader.GetFieldValue<long[]>(column + 1), reader.GetFieldValue<DateTime[]>(column + 2));
        return [.. from.Select((ms, i) => new LedgerRange(ms, to[i], new DateTimeOffset(at[i])))];
    }

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> fromRow, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(fromRow(reader));
        return rows;
    }
}
