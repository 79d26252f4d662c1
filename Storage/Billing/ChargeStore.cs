using Npgsql;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Why a session costs what it costs. Every question names the viewer: levels above it are left out. The session is one that
/// the viewer was found to see.
/// </summary>
public sealed class ChargeStore(Database database)
{
    /// <summary>More runs or spans than this are not told.</summary>
    public const int MaxRows = 1_000;

    // The viewer's level and those below it, down to the session's tenant.
    private const string Visible = "SELECT unnest(path[array_position(path, $2):]) AS tenant_id FROM session WHERE id = $1";

    /// <summary>Its phases, in order.</summary>
    public async Task<IReadOnlyList<SpanRow>> SpansAsync(SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            $"SELECT phase, started_at, ended_at FROM session_span WHERE session_id = $1 ORDER BY started_at LIMIT {MaxRows}");
        command.Parameters.Value(session.Value);
        return await command.ListAsync(reader => new SpanRow(reader.GetString(0), reader.Instant(1)!.Value, reader.Instant(2)), cancellationToken);
    }

    /// <summary>Its runs, in order.</summary>
    public async Task<IReadOnlyList<ChargedRun>> RunsAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken = default)
    {
        var levels = await LevelsAsync(viewer, session, cancellationToken);
        await using var command = database.Source.CreateCommand($"""
            SELECT run, mark_ms, ledgered_ms, claimed_ms, authorised_ms, blind_ms, settled_ms, settled_at IS NOT NULL, started_at, closed_at, close_reason
            FROM generation WHERE session_id = $1 ORDER BY run LIMIT {MaxRows}
            """);
        command.Parameters.Value(session.Value);
        return await command.ListAsync(reader => new ChargedRun(
            reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.Number(3), reader.Number(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetBoolean(7),
            reader.Instant(8)!.Value, reader.Instant(9), reader.Text(10), [.. levels[reader.GetInt32(0)]]), cancellationToken);
    }

    /// <summary>Its rows of the ledger, in the order they were recorded, after <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<ChargedRange>> RangesAsync(
        TenantId viewer, SessionId session, long after, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT c.ledger_id, g.run, c.from_ms, c.to_ms, c.recorded_at,
                   array_agg(c.payer_id ORDER BY t.path), array_agg(c.seconds ORDER BY t.path), array_agg(c.micros ORDER BY t.path)
            FROM generation g
            JOIN ledger_charge c ON c.generation_id = g.id
            JOIN tenant t ON t.id = c.payer_id
            WHERE g.session_id = $1 AND c.payer_id IN ({Visible}) AND c.ledger_id > $3
            GROUP BY c.ledger_id, g.run, c.from_ms, c.to_ms, c.recorded_at ORDER BY c.ledger_id LIMIT $4
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value).Value(after).Value(limit);
        return await command.ListAsync(reader => new ChargedRange(
            reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), reader.Instant(4)!.Value,
            TenantsOf(reader, 5), reader.GetFieldValue<long[]>(6), reader.GetFieldValue<long[]>(7)), cancellationToken);
    }

    /// <summary>What is held for it, or null.</summary>
    public async Task<HeldRow?> HoldAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT h.run, h.authorised_ms, h.is_due,
                   ARRAY(SELECT w.id FROM unnest(h.wallets) WITH ORDINALITY AS w (id, n) WHERE w.id IN ({Visible}) ORDER BY n),
                   ARRAY(SELECT h.held_micros[n] FROM unnest(h.wallets) WITH ORDINALITY AS w (id, n) WHERE w.id IN ({Visible}) ORDER BY n)
            FROM hold h WHERE h.session_id = $1
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return (await command.ListAsync(reader => new HeldRow(
            reader.GetInt32(0), reader.GetInt64(1), reader.GetBoolean(2), TenantsOf(reader, 3), reader.GetFieldValue<long[]>(4)), cancellationToken)).SingleOrDefault();
    }

    /// <summary>What was corrected of it, in order.</summary>
    public async Task<IReadOnlyList<CorrectionRow>> CorrectionsAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT e.tenant_id, g.run, e.micros, e.seconds, e.reason, e.created_at
            FROM wallet_entry e JOIN generation g ON g.id = e.generation_id
            WHERE g.session_id = $1 AND e.tenant_id IN ({Visible}) ORDER BY e.id LIMIT {MaxRows}
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return await command.ListAsync(reader => new CorrectionRow(
            new TenantId(reader.GetGuid(0)), reader.GetInt32(1), reader.GetInt64(2), reader.Number(3), reader.GetString(4), reader.Instant(5)!.Value), cancellationToken);
    }

    /// <summary>The batches that its seconds and tokens went out in, in the order they were frozen.</summary>
    public async Task<IReadOnlyList<ExportedRow>> ExportsAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand($"""
            WITH items AS (
              SELECT i.* FROM generation g JOIN usage_ledger l ON l.generation_id = g.id JOIN export_item i ON i.ledger_id = l.id WHERE g.session_id = $1
              UNION ALL
              SELECT i.* FROM token_usage u JOIN export_item i ON i.token_usage_id = u.id WHERE u.session_id = $1
            )
            SELECT t.tenant_id, lane.kind, e.identifier, e.state, lane.unit, sum(i.seconds)::bigint, e.created_at, e.sent_at
            FROM items i
            JOIN export_target t ON t.id = i.target_id
            JOIN export_event e ON e.id = i.export_event_id
            JOIN export_lane lane ON lane.id = e.lane_id
            WHERE t.tenant_id IN ({Visible})
            GROUP BY e.id, t.tenant_id, lane.id ORDER BY e.seq LIMIT {MaxRows}
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return await command.ListAsync(reader => new ExportedRow(
            new TenantId(reader.GetGuid(0)), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt64(5),
            reader.Instant(6)!.Value, reader.Instant(7)), cancellationToken);
    }

    private async Task<ILookup<int, ChargedLevel>> LevelsAsync(TenantId viewer, SessionId session, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand($"""
            SELECT g.run, p.tenant_id, v.id, v.micros_per_unit, v.rounding, v.step_seconds, v.minimum_seconds, v.valid_from, p.tenant_id = ANY (g.payers)
            FROM (SELECT id, run, payers FROM generation WHERE session_id = $1 ORDER BY run LIMIT {MaxRows}) g
            JOIN generation_price p ON p.generation_id = g.id
            JOIN price_version v ON v.id = p.price_version_id
            JOIN tenant t ON t.id = p.tenant_id
            WHERE p.tenant_id IN ({Visible}) ORDER BY g.run, t.path
            """);
        command.Parameters.Value(session.Value).Value(viewer.Value);
        return (await command.ListAsync(reader => (reader.GetInt32(0), new ChargedLevel(
            new TenantId(reader.GetGuid(1)), reader.GetInt64(2), PriceRows.FromRow(reader, 3)!, reader.Instant(7)!.Value, reader.GetBoolean(8))), cancellationToken))
            .ToLookup(row => row.Item1, row => row.Item2);
    }

    private static TenantId[] TenantsOf(NpgsqlDataReader reader, int column) => [.. reader.GetFieldValue<Guid[]>(column).Select(id => new TenantId(id))];
}
