using Npgsql;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>What a look at the books of one tree saw that may only grow.</summary>
internal readonly record struct Look(long LedgeredMs, long SettledMicros, long GrantedMicros);

/// <summary>The invariants of ledger and wallets for one tree, all asked in one statement and so of one snapshot.</summary>
internal static class MoneyBooks
{
    // Each query names what is wrong, by the invariant's number. g: runs; w: wallets; h: holds, one row for each wallet they are held of.
    private const string Sql = """
        WITH s AS MATERIALIZED (SELECT * FROM session WHERE path[1] = $1),
        g AS MATERIALIZED (SELECT g.*, s.tenant_id, s.ended_at, s.epoch AS session_epoch FROM generation g JOIN s ON s.id = g.session_id),
        l AS MATERIALIZED (SELECT l.* FROM usage_ledger l JOIN g ON g.id = l.generation_id),
        w AS MATERIALIZED (SELECT w.* FROM wallet w JOIN tenant t ON t.id = w.tenant_id WHERE t.root_id = $1),
        p AS MATERIALIZED (SELECT g.id, p.tenant_id, v.micros_per_unit, v.rounding, v.step_seconds, v.minimum_seconds
          FROM g JOIN generation_price p ON p.generation_id = g.id JOIN price_version v ON v.id = p.price_version_id),
        h AS MATERIALIZED (
          SELECT h.session_id, h.run, h.authorised_ms, u.wallet, u.held, r.id AS generation_id, r.settled_ms, r.settled_at,
                 v.micros_per_unit, v.rounding, v.step_seconds, v.minimum_seconds
          FROM hold h JOIN s ON s.id = h.session_id
          CROSS JOIN LATERAL unnest(h.wallets, h.held_micros) AS u (wallet, held)
          LEFT JOIN g r ON r.session_id = h.session_id AND r.run = h.run
          LEFT JOIN generation_price gp ON gp.generation_id = r.id AND gp.tenant_id = u.wallet
          JOIN price_version v ON v.id = CASE WHEN r.id IS NULL THEN price_at(u.wallet, s.model, clock_timestamp()) ELSE gp.price_version_id END),
        broken AS (
          SELECT '1: the ledger''s sum is not what is ledgered, run ' || g.id AS what FROM g
            WHERE g.ledgered_ms <> (SELECT coalesce(sum(to_ms - from_ms), 0) FROM l WHERE l.generation_id = g.id)
          UNION ALL SELECT '1: more is ledgered than marked, or a closed run is not ledgered whole, run ' || id FROM g
            WHERE ledgered_ms > mark_ms OR (closed_at IS NOT NULL AND ledgered_ms <> mark_ms)
          UNION ALL SELECT '1: ranges are not contiguous from 0, run ' || generation_id FROM (
              SELECT generation_id, from_ms, lag(to_ms, 1, 0::bigint) OVER (PARTITION BY generation_id ORDER BY from_ms) AS expected FROM l) AS r
            WHERE from_ms <> expected
          UNION ALL SELECT format('3: units or charge do not add up, run %s, payer %s', p.id, p.tenant_id) FROM p JOIN g ON g.id = p.id
            CROSS JOIN LATERAL (SELECT coalesce(sum(c.seconds), 0) AS seconds, coalesce(sum(c.micros), 0) AS micros
                                FROM ledger_charge c WHERE c.generation_id = p.id AND c.payer_id = p.tenant_id) AS c
            CROSS JOIN LATERAL billed_seconds(g.ledgered_ms, g.closed_at IS NOT NULL, p.rounding, p.step_seconds, p.minimum_seconds) AS b (units)
            WHERE c.seconds <> b.units OR c.micros <> floor(b.units * p.micros_per_unit)
          UNION ALL SELECT '4: something negative, run ' || g.id FROM g JOIN ledger_charge c ON c.generation_id = g.id
            WHERE c.seconds < 0 OR c.micros < 0 OR c.to_ms <= c.from_ms
          UNION ALL SELECT '5: not exactly the end events there should be, session ' || s.id FROM s
            WHERE (SELECT count(*) FROM session_event e WHERE e.session_id = s.id AND e.kind = 'session_ended') <> (s.ended_at IS NOT NULL)::integer
          UNION ALL SELECT '5: open in a session that has ended, or under another epoch, run ' || id FROM g
            WHERE closed_at IS NULL AND (ended_at IS NOT NULL OR epoch <> session_epoch)
          UNION ALL SELECT '6: a session''s seconds are not those of its runs, session ' || s.id FROM s
            WHERE s.ended_at IS NOT NULL AND s.generated_ms <> (SELECT coalesce(sum(g.mark_ms), 0) FROM g WHERE g.session_id = s.id)
          UNION ALL SELECT '13: granted is not the sum of the entries, wallet ' || w.tenant_id FROM w
            WHERE w.granted_micros <> (SELECT coalesce(sum(e.micros), 0) FROM wallet_entry e WHERE e.tenant_id = w.tenant_id)
          UNION ALL SELECT '13: held is not the sum of the holds, wallet ' || w.tenant_id FROM w
            WHERE w.held_micros <> (SELECT coalesce(sum(h.held), 0) FROM h WHERE h.wallet = w.tenant_id)
          UNION ALL SELECT '13: settled is not what its runs cost, wallet ' || w.tenant_id FROM w
            WHERE w.settled_micros <> (
              SELECT coalesce(sum(floor(billed_seconds(g.settled_ms, g.settled_at IS NOT NULL, p.rounding, p.step_seconds, p.minimum_seconds) * p.micros_per_unit)), 0)
              FROM g JOIN p ON p.id = g.id AND p.tenant_id = w.tenant_id WHERE w.tenant_id = ANY(g.payers))
          UNION ALL SELECT format('13: %s is held and not the price of what is authorised and not settled, session %s, wallet %s', h.held, h.session_id, h.wallet) FROM h
            WHERE h.held <> greatest(0,
              floor(billed_seconds(h.authorised_ms, true, h.rounding, h.step_seconds, h.minimum_seconds) * h.micros_per_unit)
              - floor(billed_seconds(coalesce(h.settled_ms, 0), false, h.rounding, h.step_seconds, h.minimum_seconds) * h.micros_per_unit))
          UNION ALL SELECT '13: something is held for a run that is settled, session ' || h.session_id FROM h WHERE h.settled_at IS NOT NULL AND h.held > 0
          UNION ALL SELECT '13: authorised and not held of every wallet above, session ' || h.session_id
            FROM hold h JOIN s ON s.id = h.session_id
            WHERE h.authorised_ms > 0 AND h.wallets <> ARRAY(
              SELECT w.tenant_id FROM w WHERE w.tenant_id = ANY(s.path) AND w.credit_limit_micros IS NOT NULL ORDER BY w.tenant_id)
        )
        SELECT coalesce((SELECT sum(to_ms - from_ms) FROM l), 0)::bigint, coalesce((SELECT sum(settled_micros) FROM w), 0)::bigint,
               coalesce((SELECT sum(granted_micros) FROM w), 0)::bigint, ARRAY(SELECT what FROM broken)
        """;

    /// <summary>Everything is in order now; answers what was seen.</summary>
    public static async Task<Look> LookAsync(this TestDatabase database, TenantId root)
    {
        await using var command = database.Owner.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter { Value = root.Value });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        Assert.Empty(await reader.GetFieldValueAsync<string[]>(3));
        return new Look(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>Looks again and again: everything is in order at each instant, and no sum ever falls (invariant 4).</summary>
    /// <returns>How often it looked.</returns>
    public static async Task<int> WatchAsync(this TestDatabase database, TenantId root, CancellationToken done)
    {
        var (looks, last) = (0, default(Look));
        while (!done.IsCancellationRequested)
        {
            var now = await database.LookAsync(root);
            Assert.True(
                now.LedgeredMs >= last.LedgeredMs && now.SettledMicros >= last.SettledMicros && now.GrantedMicros >= last.GrantedMicros, $"A sum fell: {last}, then {now}.");
            (looks, last) = (looks + 1, now);
        }

        return looks;
    }
}
