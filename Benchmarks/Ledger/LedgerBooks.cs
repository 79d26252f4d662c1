using Npgsql;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>Whether the books are right. A figure for wrong books is worth nothing.</summary>
internal static class LedgerBooks
{
    private static readonly (string Broken, string Sql)[] Laws =
    [
        ("the ledger of an open run is not its mark less the millisecond that is left for its close", """
            SELECT g.id FROM generation g LEFT JOIN (SELECT generation_id, sum(to_ms - from_ms) AS ms FROM usage_ledger GROUP BY 1) l ON l.generation_id = g.id
            WHERE coalesce(l.ms, 0) + 1 <> g.mark_ms OR g.ledgered_ms + 1 <> g.mark_ms OR g.closed_at IS NOT NULL
            """),
        ("ranges are not contiguous from 0", """
            SELECT 1 FROM (SELECT from_ms, lag(to_ms, 1, 0::bigint) OVER (PARTITION BY generation_id ORDER BY from_ms) AS expected FROM usage_ledger) l
            WHERE from_ms <> expected
            """),
        ("a wallet is not charged what the ledger says its tenant owes", """
            SELECT 1 FROM wallet w LEFT JOIN (SELECT payer_id, sum(micros) AS micros FROM ledger_charge GROUP BY 1) c ON c.payer_id = w.tenant_id
            WHERE w.settled_micros <> coalesce(c.micros, 0)
            """),
        ("a wallet's holds are not those of its sessions", """
            SELECT 1 FROM wallet w
            LEFT JOIN (SELECT u.wallet, sum(u.micros) AS micros FROM hold h, unnest(h.wallets, h.held_micros) AS u (wallet, micros) GROUP BY 1) h ON h.wallet = w.tenant_id
            WHERE w.held_micros <> coalesce(h.micros, 0)
            """),
        ("a session of a tree with wallets has no hold", """
            SELECT 1 FROM session s LEFT JOIN hold h ON h.session_id = s.id WHERE (h.session_id IS NULL) = EXISTS (SELECT FROM wallet w WHERE w.tenant_id = s.tenant_id)
            """),
    ];

    /// <summary>Settles every session a last time and holds the rows against what was ticked. Throws when they differ.</summary>
    public static async Task CheckAsync(LedgerWorld world, IReadOnlyList<LiveSession> sessions)
    {
        foreach (var session in sessions)
            session.Rest();
        var settlements = world.The<Settlements>();
        var answers = await Task.WhenAll(sessions.Select(session => settlements.SettleAsync(
            session.Ownership.Root, new SettlementDue(session.Ownership.Session, session.Ownership.Epoch, session.Run.Run, WantedMs: null, BlindMs: 0))));
        if (answers.FirstOrDefault(answer => answer.Status is not SettlementStatus.Settled) is { } unsettled)
            throw new InvalidOperationException($"A session was not settled: {unsettled}.");

        await using var owner = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Owner) { CommandTimeout = 120 }.ConnectionString);
        await owner.OpenAsync();
        foreach (var (broken, sql) in Laws)
        {
            if (await CountAsync(owner, $"SELECT count(*) FROM ({sql}) AS offender") is > 0 and var offenders)
                throw new InvalidOperationException($"{broken}: {offenders} rows.");
        }

        var (ticked, marked) = (sessions.Sum(session => session.GeneratedMs), await CountAsync(owner, "SELECT coalesce(sum(mark_ms), 0)::bigint FROM generation"));
        if (ticked != marked)
            throw new InvalidOperationException($"Providers told of {ticked} ms, the marks are {marked} ms.");
    }

    private static async Task<long> CountAsync(NpgsqlConnection owner, string sql)
    {
        await using var command = new NpgsqlCommand(sql, owner);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
