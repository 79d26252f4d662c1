using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>What must be true of the tables at any instant, whatever happened, asked in SQL.</summary>
internal static class Books
{
    private static readonly (string Broken, string Sql)[] Laws =
    [
        ("the ledger's sum is not what the generation says is ledgered", """
            SELECT g.id FROM generation g LEFT JOIN usage_ledger l ON l.generation_id = g.id
            GROUP BY g.id HAVING coalesce(sum(l.to_ms - l.from_ms), 0) <> g.ledgered_ms
            """),
        ("more is ledgered than was marked", "SELECT id FROM generation WHERE ledgered_ms > mark_ms"),
        ("a closed generation is not ledgered up to its mark", "SELECT id FROM generation WHERE closed_at IS NOT NULL AND ledgered_ms <> mark_ms"),
        ("ranges are not contiguous from 0", """
            SELECT generation_id FROM (
              SELECT generation_id, from_ms, lag(to_ms, 1, 0::bigint) OVER (PARTITION BY generation_id ORDER BY from_ms) AS expected FROM usage_ledger
            ) AS l WHERE from_ms <> expected
            """),
        ("a range belongs to another tenant than its session", """
            SELECT l.generation_id FROM usage_ledger l JOIN generation g ON g.id = l.generation_id JOIN session s ON s.id = g.session_id
            WHERE l.tenant_id <> s.tenant_id
            """),
        ("a session has not exactly the ended events it should", """
            SELECT s.id::text FROM session s LEFT JOIN session_event e ON e.session_id = s.id AND e.kind = 'session_ended'
            WHERE s.pruned_at IS NULL GROUP BY s.id HAVING count(e.seq) <> (s.ended_at IS NOT NULL)::integer
            """),
        ("an ended session has an open generation", """
            SELECT g.id FROM generation g JOIN session s ON s.id = g.session_id WHERE s.ended_at IS NOT NULL AND g.closed_at IS NULL
            """),
        ("an ended session's seconds are not those of its generations", """
            SELECT s.id::text FROM session s LEFT JOIN generation g ON g.session_id = s.id
            WHERE s.ended_at IS NOT NULL GROUP BY s.id HAVING coalesce(sum(g.mark_ms), 0) <> s.generated_ms
            """),
        ("an open generation is under another epoch than its session", """
            SELECT g.id FROM generation g JOIN session s ON s.id = g.session_id WHERE g.closed_at IS NULL AND g.epoch <> s.epoch
            """),
    ];

    private static readonly (string Broken, string Sql)[] TokenLaws =
    [
        ("a meter's count is not the sum of its rows", """
            SELECT m.id FROM token_meter m CROSS JOIN generate_subscripts(m.counted, 1) AS kind
            WHERE m.counted[kind] <> (SELECT coalesce(sum(u.counts[kind]), 0) FROM token_usage u WHERE u.meter_id = m.id)
            """),
        ("a row does not begin where the one before it ends", """
            SELECT id FROM (
              SELECT id, before, lag(token_sum(before, counts), 1, array_fill(0::bigint, ARRAY[cardinality(before)])) OVER (PARTITION BY meter_id ORDER BY id) AS expected
              FROM token_usage
            ) AS u WHERE before <> expected
            """),
        ("a wallet was not charged what its runs and responses cost as far as they are settled", """
            SELECT w.tenant_id::text FROM wallet w WHERE w.settled_micros <>
              (SELECT coalesce(sum(c.micros), 0) FROM ledger_charge c JOIN generation g ON g.id = c.generation_id
               WHERE c.payer_id = w.tenant_id AND w.tenant_id = ANY (g.payers) AND c.to_ms <= g.settled_ms)
              + (SELECT coalesce(sum(token_micros(m.settled, v.micros_per_million)), 0) FROM token_meter m
                 JOIN token_price p ON p.meter_id = m.id AND p.tenant_id = w.tenant_id JOIN token_price_version v ON v.id = p.token_price_version_id
                 WHERE w.tenant_id = ANY (m.payers))
            """),
        ("what a level owes for a meter's rows is not its price's cumulative function", """
            SELECT m.id FROM token_meter m JOIN token_price p ON p.meter_id = m.id JOIN token_price_version v ON v.id = p.token_price_version_id
            WHERE token_micros(m.counted, v.micros_per_million) <> (SELECT sum(c.micros) FROM token_charge c WHERE c.meter_id = m.id AND c.payer_id = p.tenant_id)
            """),
    ];

    /// <summary>Every law about tokens holds for every row.</summary>
    public static Task AssertTokensInOrderAsync(this TestDatabase database) => AssertAsync(database, TokenLaws);

    /// <summary>Every law holds for every row.</summary>
    public static Task AssertInOrderAsync(this TestDatabase database) => AssertAsync(database, Laws);

    private static async Task AssertAsync(TestDatabase database, (string Broken, string Sql)[] laws)
    {
        foreach (var (broken, sql) in laws)
        {
            var offenders = await database.ReadAsync<long>($"SELECT count(*) FROM ({sql}) AS offender");
            Assert.True(offenders == 0, $"{broken}: {offenders} rows");
        }
    }
}
