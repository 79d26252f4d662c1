using Npgsql;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Storage.Billing;

/// <summary>What a settlement writes, all of it in one journey.</summary>
internal static class AccountWrites
{
    public static void Add(NpgsqlBatch batch, IReadOnlyList<AccountRow> accounts, IReadOnlyList<SessionPlan> plans, WalletTree tree)
    {
        var runs = accounts.SelectMany((account, i) => account.Runs.Select(run => (Row: run, Account: account, Plan: plans[i]))).ToList();
        if (runs.Count > 0)
        {
            batch.BatchCommands.Add(Ledger([.. runs.Select(run => (run.Row, To: SettleTo(run.Row))).Where(run => run.To > run.Row.LedgeredMs)]));
            batch.BatchCommands.Add(Runs([.. runs.Select(run => (run.Row, SettleTo(run.Row), Authorised(run.Row, run.Account.Account, run.Plan), Blind(run.Row, run.Account)))]));
        }

        var meters = accounts.SelectMany(account => account.Meters).ToList();
        if (meters.Count > 0)
            batch.BatchCommands.Add(TokenMeters.Settle(meters));

        var held = accounts.Zip(plans).Where(pair => pair.First.HasHold).ToList();
        if (held.Exists(pair => pair.Second.Hold is not null))
            batch.BatchCommands.Add(Holds([.. held.Where(pair => pair.Second.Hold is not null).Select(pair => (pair.First.Session, pair.Second.Hold!))]));
        if (held.Exists(pair => pair.Second.Hold is null))
            batch.BatchCommands.Add(Release([.. held.Where(pair => pair.Second.Hold is null).Select(pair => pair.First.Session)]));

        if (tree.Changes.Count > 0)
        {
            batch.BatchCommands.Add(LockedWallet.Write(tree));
            batch.BatchCommands.Add(WalletThresholds.Evaluate([.. tree.Changes.Select(change => change.Tenant.Value)]));
        }
    }

    private static long SettleTo(RunRow run) => new RunAccount(run.Run, run.MarkMs, run.LedgeredMs, run.SettledMs, run.IsClosed, []).SettleTo;

    /// <summary>What a run was allowed, for whoever asks later; the hold itself moves on to the next run.</summary>
    private static long? Authorised(RunRow run, SessionAccount account, SessionPlan plan) =>
        plan.Hold is { } now && now.Run == run.Run ? now.AuthorisedMs
        : account.Hold is { } before && before.Run == run.Run ? before.AuthorisedMs
        : null;

    /// <summary>How far an open run was past its hold while nobody could be asked. A closed one brought its own.</summary>
    private static long Blind(RunRow run, AccountRow account) => run.IsClosed || account.Account.Hold is not { } hold || hold.Run != run.Run
        ? 0
        : Math.Min(account.BlindMs, Math.Max(0, run.MarkMs - hold.AuthorisedMs));

    private static NpgsqlBatchCommand Ledger(IReadOnlyList<(RunRow Row, long To)> ranges)
    {
        var command = new NpgsqlBatchCommand("""
            INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[])
            """);
        command.Parameters.Column(ranges, run => run.Row.Id).Column(ranges, run => run.Row.Tenant).Column(ranges, run => run.Row.LedgeredMs).Column(ranges, run => run.To);
        return command;
    }

    private static NpgsqlBatchCommand Runs(IReadOnlyList<(RunRow Row, long To, long? AuthorisedMs, long BlindMs)> runs)
    {
        var command = new NpgsqlBatchCommand("""
            UPDATE generation g
            SET ledgered_ms = r.ms, settled_ms = r.ms, authorised_ms = coalesce(r.authorised_ms, g.authorised_ms),
                blind_ms = greatest(g.blind_ms, r.blind_ms),
                settled_at = CASE WHEN g.closed_at IS NOT NULL THEN clock_timestamp() END
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS r (id, ms, authorised_ms, blind_ms)
            WHERE g.id = r.id
            """);
        command.Parameters
            .Column(runs, run => run.Row.Id).Column(runs, run => run.To)
            .Column(runs, NpgsqlTypes.NpgsqlDbType.Bigint, run => run.AuthorisedMs).Column(runs, run => run.BlindMs);
        return command;
    }

    private static NpgsqlBatchCommand Holds(IReadOnlyList<(Guid Session, Hold Hold)> holds)
    {
        // All levels of all sessions lie one behind the other; each session takes its own out of them, in the order of their wallets.
        var levels = holds.SelectMany(hold => hold.Hold.Held.OrderBy(level => level.Key.Value)).ToList();
        var ends = new int[holds.Count];
        for (var (i, end) = (0, 0); i < ends.Length; i++)
            ends[i] = end += holds[i].Hold.Held.Count;

        var command = new NpgsqlBatchCommand("""
            UPDATE hold h
            SET run = n.run, authorised_ms = n.authorised_ms,
                wallets = ($6::uuid[])[n.last - n.levels + 1 : n.last], held_micros = ($7::bigint[])[n.last - n.levels + 1 : n.last]
            FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::integer[], $5::integer[]) AS n (id, run, authorised_ms, levels, last)
            WHERE h.session_id = n.id
            """);
        command.Parameters
            .Column(holds, hold => hold.Session).Column(holds, hold => hold.Hold.Run).Column(holds, hold => hold.Hold.AuthorisedMs)
            .Column(holds, hold => hold.Hold.Held.Count).Value(ends)
            .Column(levels, level => level.Key.Value).Column(levels, level => level.Value);
        return command;
    }

    private static NpgsqlBatchCommand Release(IReadOnlyList<Guid> sessions)
    {
        var command = new NpgsqlBatchCommand("DELETE FROM hold WHERE session_id = ANY($1)");
        command.Parameters.Column(sessions, session => session);
        return command;
    }
}
