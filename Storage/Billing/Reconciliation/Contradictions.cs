using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Billing.Reconciliation;

/// <summary>
/// What our own rows must agree on, each as a query for those that do not: from $1 on, and before the horizon $2 where something
/// takes its time. Columns are kind, amount, micros, reason, tenant, target, session, ledger row, batch, instant, run.
/// </summary>
internal static class Contradictions
{
    /// <summary>More than these of one kind are one cause, and it needs no longer list.</summary>
    public const int MaxEach = 1_000;

    private const string Newest = "(SELECT s.id FROM session s WHERE s.path @> ARRAY[w.tenant_id] ORDER BY s.id DESC LIMIT 1)";

    // Kinds of tokens in the order in which they are counted; see TokenKind.
    private static readonly string CountedUnits =
        $"'{{{string.Join(',', Enum.GetValues<UsageUnit>().Where(unit => unit.Kind() is not null).Select(StorageNames.Of))}}}'::text[]";

    public static readonly IReadOnlyList<string> All =
    [
        """
        SELECT 'ledger_differs', abs(g.ledgered_ms - coalesce(l.ms, 0)) / 1000.0, 0::bigint,
               format('marked %s ms, ledgered %s ms, its ledger rows sum up to %s ms', g.mark_ms, g.ledgered_ms, coalesce(l.ms, 0)),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, g.started_at, g.id
        FROM generation g JOIN session s ON s.id = g.session_id
        LEFT JOIN LATERAL (SELECT sum(to_ms - from_ms) AS ms FROM usage_ledger WHERE generation_id = g.id) l ON true
        WHERE (g.closed_at IS NULL OR g.closed_at >= $1) AND g.started_at < $2
          AND (coalesce(l.ms, 0) <> g.ledgered_ms OR (g.closed_at IS NOT NULL AND g.ledgered_ms <> g.mark_ms))
        """,
        """
        SELECT 'open_run', (g.mark_ms - g.ledgered_ms) / 1000.0, 0::bigint, format('its session ended at %s and the run is open', s.ended_at),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, g.started_at, g.id
        FROM generation g JOIN session s ON s.id = g.session_id WHERE g.closed_at IS NULL AND s.ended_at < $2 AND $1 IS NOT NULL
        """,
        """
        SELECT 'session_differs', abs(s.generated_ms - coalesce(sum(g.mark_ms), 0)) / 1000.0, 0::bigint,
               format('the session says %s ms, its runs %s ms', s.generated_ms, coalesce(sum(g.mark_ms), 0)),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, s.ended_at, NULL::bigint
        FROM session s LEFT JOIN generation g ON g.session_id = s.id
        WHERE s.ended_at >= $1 AND s.ended_at < $2 GROUP BY s.id HAVING coalesce(sum(g.mark_ms), 0) <> s.generated_ms
        """,
        """
        SELECT 'unsettled', (g.ledgered_ms - g.settled_ms) / 1000.0, 0::bigint,
               format('closed at %s; its wallets were charged up to %s of %s ms', g.closed_at, g.settled_ms, g.ledgered_ms),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, g.closed_at, g.id
        FROM generation g JOIN session s ON s.id = g.session_id
        WHERE g.payers <> '{}' AND g.closed_at >= $1 AND g.closed_at < $2 AND (g.settled_at IS NULL OR g.settled_ms <> g.ledgered_ms)
        """,
        """
        SELECT 'unsettled', 0::numeric, 0::bigint, format('tokens of model %s are counted as %s and its wallets were charged for %s', m.model, m.counted, m.settled),
               m.tenant_id, NULL::uuid, m.session_id, NULL::bigint, NULL::uuid, m.started_at, NULL::bigint
        FROM token_meter m
        WHERE m.payers <> '{}' AND m.settled <> m.counted AND $1 IS NOT NULL
          AND NOT EXISTS (SELECT FROM token_usage u WHERE u.meter_id = m.id AND u.recorded_at >= $2)
        """,
        """
        SELECT 'ledger_differs', 0::numeric, 0::bigint, format('tokens of model %s are counted as %s, their rows sum up to %s', m.model, m.counted, u.counts),
               m.tenant_id, NULL::uuid, m.session_id, NULL::bigint, NULL::uuid, m.started_at, NULL::bigint
        FROM token_meter m
        CROSS JOIN LATERAL (SELECT array_agg(s.count ORDER BY s.kind) AS counts FROM (
          SELECT kind, coalesce(sum(u.counts[kind]), 0)::bigint AS count
          FROM generate_subscripts(m.counted, 1) AS kind LEFT JOIN token_usage u ON u.meter_id = m.id GROUP BY kind) s) u
        WHERE m.started_at >= $1 AND m.started_at < $2 AND m.counted <> coalesce(u.counts, '{}')
        """,
        $"""
        WITH charged AS (
          SELECT c.payer_id, g.session_id, sum(c.micros)::bigint AS micros FROM ledger_charge c JOIN generation g ON g.id = c.generation_id
          WHERE c.payer_id = ANY (g.payers) AND c.to_ms <= g.settled_ms GROUP BY 1, 2
          UNION ALL
          SELECT p.tenant_id, m.session_id, sum(token_micros(m.settled, v.micros_per_million))::bigint
          FROM token_meter m JOIN token_price p ON p.meter_id = m.id AND p.tenant_id = ANY (m.payers) JOIN token_price_version v ON v.id = p.token_price_version_id
          GROUP BY 1, 2
        ), wallets AS (SELECT payer_id, sum(micros)::bigint AS micros FROM charged GROUP BY 1)
        SELECT 'settled_differs', 0::numeric, w.settled_micros - coalesce(c.micros, 0),
               format('the wallet was charged %s, its runs and responses cost %s; ', w.settled_micros, coalesce(c.micros, 0))
                 || CASE WHEN one.session_id IS NULL THEN 'no single session costs the difference: the newest below it is named'
                         ELSE 'the session named costs just the difference' END,
               w.tenant_id, NULL::uuid, coalesce(one.session_id, {Newest}), NULL::bigint, NULL::uuid, NULL::timestamptz, NULL::bigint
        FROM wallet w LEFT JOIN wallets c ON c.payer_id = w.tenant_id
        LEFT JOIN LATERAL (
          SELECT session_id FROM charged o WHERE o.payer_id = w.tenant_id AND o.micros = abs(w.settled_micros - coalesce(c.micros, 0)) ORDER BY 1 DESC LIMIT 1) one ON true
        WHERE w.settled_micros <> coalesce(c.micros, 0) AND $1 < $2
        """,
        $"""
        WITH held AS (SELECT u.wallet, sum(u.held)::bigint AS micros FROM hold h CROSS JOIN unnest(h.wallets, h.held_micros) AS u (wallet, held) GROUP BY 1)
        SELECT 'held_differs', 0::numeric, (w.held_micros - coalesce(h.micros, 0))::bigint,
               format('the wallet holds %s, the holds of its sessions %s', w.held_micros, coalesce(h.micros, 0)),
               w.tenant_id, NULL::uuid, coalesce((SELECT session_id FROM hold o WHERE w.tenant_id = ANY (o.wallets) ORDER BY 1 DESC LIMIT 1), {Newest}),
               NULL::bigint, NULL::uuid, NULL::timestamptz, NULL::bigint
        FROM wallet w LEFT JOIN held h ON h.wallet = w.tenant_id WHERE w.held_micros <> coalesce(h.micros, 0) AND $1 < $2
        """,
        """
        SELECT 'granted_differs', 0::numeric, (w.granted_micros - coalesce(sum(e.micros), 0))::bigint,
               format('the wallet was granted %s, its entries sum up to %s', w.granted_micros, coalesce(sum(e.micros), 0)),
               w.tenant_id, NULL::uuid, NULL::uuid, NULL::bigint, NULL::uuid, NULL::timestamptz, NULL::bigint
        FROM wallet w LEFT JOIN wallet_entry e ON e.tenant_id = w.tenant_id WHERE $1 < $2
        GROUP BY w.tenant_id HAVING coalesce(sum(e.micros), 0) <> w.granted_micros
        """,
        """
        SELECT 'stale_hold', 0::numeric, (SELECT coalesce(max(m), 0) FROM unnest(h.held_micros) m),
               format('its session ended at %s and %s ms are held for it', s.ended_at, h.authorised_ms),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, s.ended_at, NULL::bigint
        FROM hold h JOIN session s ON s.id = h.session_id WHERE s.ended_at < $2 AND $1 IS NOT NULL
        """,
        """
        SELECT 'claim_unbilled', (g.claimed_ms - g.ledgered_ms) / 1000.0, 0::bigint,
               format('the provider claimed %s ms, the clock believed %s ms; closed as %s', g.claimed_ms, g.ledgered_ms, g.close_reason),
               s.tenant_id, NULL::uuid, s.id, NULL::bigint, NULL::uuid, g.started_at, g.id
        FROM generation g JOIN session s ON s.id = g.session_id WHERE g.closed_at >= $1 AND g.closed_at < $2 AND g.claimed_ms > g.ledgered_ms
        """,
        """
        SELECT CASE WHEN i.ledger_id IS NULL THEN 'unexported' ELSE 'item_differs' END, abs(c.seconds - coalesce(i.seconds, 0))::numeric, 0::bigint,
               CASE WHEN i.ledger_id IS NULL THEN format('recorded at %s and in no batch of the target', c.recorded_at)
                    ELSE format('billed %s s, its batch holds %s s', c.seconds, i.seconds) END,
               c.tenant_id, t.id, g.session_id, c.ledger_id, NULL::uuid, c.recorded_at, g.id
        FROM export_target t JOIN ledger_charge c ON c.payer_id = t.tenant_id JOIN generation g ON g.id = c.generation_id
        LEFT JOIN export_item i ON i.ledger_id = c.ledger_id AND i.target_id = t.id
        WHERE (SELECT l.unit = 'seconds' FROM export_lane l WHERE l.id = t.lane_id) AND c.tenant_id = ANY (ARRAY(SELECT id FROM tenant WHERE path @> ARRAY[t.tenant_id]))
          AND c.recorded_at >= greatest($1, t.active_from) AND c.recorded_at < least($2, t.retired_at) AND c.seconds <> coalesce(i.seconds, 0)
        """,
        $"""
        SELECT CASE WHEN i.token_usage_id IS NULL THEN 'unexported' ELSE 'item_differs' END, abs(c.count - coalesce(i.seconds, 0))::numeric, 0::bigint,
               CASE WHEN i.token_usage_id IS NULL THEN format('response recorded at %s and in no batch of the target', c.recorded_at)
                    ELSE format('response used %s of %s, its batch holds %s', c.count, l.unit, i.seconds) END,
               c.tenant_id, t.id, c.session_id, NULL::bigint, NULL::uuid, c.recorded_at, NULL::bigint
        FROM export_target t JOIN export_lane l ON l.id = t.lane_id
        CROSS JOIN LATERAL (
          SELECT *, coalesce(counts[array_position({CountedUnits}, l.unit)], 0) AS count FROM token_charge WHERE payer_id = t.tenant_id) c
        LEFT JOIN export_item i ON i.token_usage_id = c.usage_id AND i.target_id = t.id
        WHERE l.unit <> 'seconds' AND c.tenant_id = ANY (ARRAY(SELECT id FROM tenant WHERE path @> ARRAY[t.tenant_id]))
          AND c.recorded_at >= greatest($1, t.active_from) AND c.recorded_at < least($2, t.retired_at) AND c.count <> coalesce(i.seconds, 0)
        """,
        """
        SELECT 'batch_differs', abs(coalesce(i.seconds, 0) - coalesce(e.seconds, 0) - t.carried_seconds)::numeric, 0::bigint,
               format('its batches cover %s units, are worth %s, and %s are carried', coalesce(i.seconds, 0), coalesce(e.seconds, 0), t.carried_seconds),
               t.tenant_id, t.id, NULL::uuid, NULL::bigint, NULL::uuid, NULL::timestamptz, NULL::bigint
        FROM export_target t
        LEFT JOIN (SELECT target_id, sum(seconds) AS seconds FROM export_item GROUP BY 1) i ON i.target_id = t.id
        LEFT JOIN (SELECT e.target_id, sum(e.value) AS seconds FROM export_event e
                   WHERE NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = e.id) GROUP BY 1) e ON e.target_id = t.id
        WHERE coalesce(i.seconds, 0) <> coalesce(e.seconds, 0) + t.carried_seconds AND $1 < $2
        """,
        """
        SELECT CASE WHEN e.state IN ('pending', 'sending', 'cancelling') THEN 'unsent' ELSE e.state END, e.value::numeric, 0::bigint,
               format('batch %s is %s since %s: %s', e.identifier, e.state, coalesce(e.sent_at, e.created_at), coalesce(e.last_error, 'no word of why')),
               t.tenant_id, t.id, NULL::uuid, NULL::bigint, e.id, e.at, NULL::bigint
        FROM export_event e JOIN export_target t ON t.id = e.target_id
        WHERE e.at >= $1 AND NOT e.reissue AND NOT EXISTS (SELECT FROM export_event n WHERE n.replaces = e.id)
          AND (e.state IN ('rejected', 'uncertain', 'failed_async') OR e.state IN ('pending', 'sending', 'cancelling') AND e.created_at < $2)
        """,
    ];

    /// <summary>One of the queries with what its target counts, after its own columns.</summary>
    public static string WithUnit(string sql) => $"""
        SELECT f.*, coalesce((SELECT l.unit FROM export_target t JOIN export_lane l ON l.id = t.lane_id WHERE t.id = f.target), 'seconds')
        FROM ({sql} LIMIT {MaxEach}) AS f (kind, amount, micros, reason, tenant, target, session, ledger, batch, at, run)
        """;

    public static Finding FromRow(NpgsqlDataReader reader)
    {
        var amount = reader.GetDecimal(1);
        var source = new FindingSource(
            reader.IsDBNull(6) ? null : new SessionId(reader.GetGuid(6)), reader.Number(7), reader.IsDBNull(8) ? null : reader.GetGuid(8), amount);
        return new Finding(StorageNames.Parse<FindingKind>(reader.GetString(0)), amount, reader.GetString(3))
        {
            Unit = StorageNames.Parse<UsageUnit>(reader.GetString(11)), Micros = reader.GetInt64(2),
            Tenant = new TenantId(reader.GetGuid(4)), Target = reader.IsDBNull(5) ? null : reader.GetGuid(5), From = reader.Instant(9),
            Generation = reader.Number(10), Sources = source is { Session: null, Ledger: null, Event: null } ? [] : [source],
        };
    }
}
