using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>
/// Step 9 as a pure function over the accounts of a batch and the wallets of its tree: first every run is charged and every hold
/// is brought down to what is not settled yet, then those who want more get it, in order, as far as the wallets reach.
/// </summary>
public static class SettlementPolicy
{
    /// <summary>Works the batch out; what changes of the wallets stands in <paramref name="wallets"/> afterwards.</summary>
    public static IReadOnlyList<SessionPlan> Plan(IReadOnlyList<SessionAccount> sessions, WalletTree wallets)
    {
        var settled = new Standing[sessions.Count];
        for (var i = 0; i < settled.Length; i++)
            settled[i] = Settle(sessions[i], wallets);

        var wanting = Enumerable.Range(0, settled.Length).Where(i => settled[i].Wants).ToList();
        var grants = HoldPolicy.Allocate(wanting.ConvertAll(i => settled[i].Request(sessions[i].WantedMs!.Value)), wallets.Available);
        for (var i = 0; i < grants.Count; i++)
            settled[wanting[i]] = Grant(settled[wanting[i]], grants[i], wallets);

        return [.. settled.Select((standing, i) => new SessionPlan(sessions[i].IsOver ? null : standing.Hold, standing.IsDeferred))];
    }

    private static Standing Settle(SessionAccount session, WalletTree wallets)
    {
        foreach (var run in session.Open is { } open ? session.Closed.Append(open) : session.Closed)
        {
            foreach (var (payer, price) in run.Payers)
                wallets.Charge(payer, run.ChargeTo(price));
        }

        foreach (var used in session.Tokens)
        {
            foreach (var (payer, price) in used.Payers)
                wallets.Charge(payer, used.ChargeOf(price));
        }

        if (session.Hold is not { } hold)
            return new(null, [], SettledMs: 0, Wants: false, IsDeferred: false);

        if (session is { KeepsHold: true, IsOver: false, Closed.Count: 0 })
            return new(hold, [], SettledMs: 0, Wants: false, IsDeferred: false);

        var forRun = RunOf(session, hold);
        var isDeferred = !session.IsOver && session.WantedMs is not null && session.OtherOpenRun != 0;
        // While the run that it is for counts on and cannot be settled now, a hold stays as it is.
        if (session.OtherOpenRun != 0 && session.OtherOpenRun <= hold.Run)
            return new(hold, [], SettledMs: 0, Wants: false, isDeferred);

        var counted = session.Open?.Run == forRun ? session.Open : null;
        var levels = session.IsOver ? [] : Levels(counted?.Payers ?? session.PricesNow, wallets);
        var settledMs = counted?.SettleTo ?? 0;
        var authorised = forRun == hold.Run && !session.IsOver ? hold.AuthorisedMs : 0;
        var held = levels.ConvertAll(level => KeyValuePair.Create(level.Wallet, HoldPolicy.Held(level.Price, authorised, settledMs)));
        Rehold(hold, held, wallets);
        var wants = !session.IsOver && !isDeferred && session.WantedMs is not null && session.WantedRun == forRun;
        return new(new Hold(forRun, authorised, held), levels, settledMs, wants, isDeferred);
    }

    /// <summary>The run that a hold is for from now on: the open one, the one that is about to open, or the one after the last that closed.</summary>
    private static int RunOf(SessionAccount session, Hold hold) => Math.Max(
        session.Open?.Run ?? 0,
        Math.Max(Math.Max(hold.Run, session.WantedRun), session.Closed.Count == 0 ? 0 : session.Closed.Max(run => run.Run) + 1));

    private static List<HoldLevel> Levels(IReadOnlyList<KeyValuePair<TenantId, Price?>> prices, WalletTree wallets) =>
        [.. prices.Where(level => level.Value is not null && wallets.IsLimiting(level.Key)).Select(level => new HoldLevel(level.Key, level.Value!))];

    private static Standing Grant(Standing standing, HoldGrant grant, WalletTree wallets)
    {
        var held = standing.Levels.Select((level, i) => KeyValuePair.Create(level.Wallet, grant.HeldMicros[i])).ToList();
        Rehold(standing.Hold!, held, wallets);
        return standing with { Hold = standing.Hold! with { AuthorisedMs = grant.AuthorisedMs, Held = held } };
    }

    private static void Rehold(Hold before, IReadOnlyList<KeyValuePair<TenantId, long>> after, WalletTree wallets)
    {
        foreach (var (wallet, micros) in before.Held)
            wallets.Rehold(wallet, micros, 0);
        foreach (var (wallet, micros) in after)
            wallets.Rehold(wallet, 0, micros);
    }

    private sealed record Standing(Hold? Hold, List<HoldLevel> Levels, long SettledMs, bool Wants, bool IsDeferred)
    {
        public HoldRequest Request(long wantedMs) => new(Hold!.AuthorisedMs, SettledMs, wantedMs, Levels);
    }
}
