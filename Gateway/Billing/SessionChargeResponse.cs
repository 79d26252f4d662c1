using System.Globalization;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>Why a session costs what it costs: at the caller's own level of the tree and at those below, never above.</summary>
/// <param name="Session">The session.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Spans">What it did when.</param>
/// <param name="Runs">What it generated, and the price that each level locked.</param>
/// <param name="Ranges">The ledger, each row with what it costs each level.</param>
/// <param name="Hold">What is held for it now; null when nothing is.</param>
/// <param name="Corrections">What was put right afterwards.</param>
/// <param name="Tokens">What it used by response, by model, and what that costs each level.</param>
/// <param name="Responses">Each response, with what it costs each level.</param>
/// <param name="Totals">What each level owes for all runs and responses.</param>
/// <param name="Exports">The batches it was exported in, and their state.</param>
/// <param name="IsCut">Whether there are more spans, runs or batches than are told.</param>
/// <param name="Next">Pass it as <c>after</c> for more ranges; null when there are none.</param>
/// <param name="NextResponse">Pass it as <c>afterResponse</c> for more responses; null when there are none.</param>
internal sealed record SessionChargeResponse(
    string Session,
    string Tenant,
    string Currency,
    IReadOnlyList<SessionChargeResponse.Span> Spans,
    IReadOnlyList<SessionChargeResponse.Run> Runs,
    IReadOnlyList<SessionChargeResponse.Range> Ranges,
    SessionChargeResponse.Held? Hold,
    IReadOnlyList<SessionChargeResponse.Correction> Corrections,
    IReadOnlyList<SessionTokens.Meter> Tokens,
    IReadOnlyList<SessionTokens.Response> Responses,
    IReadOnlyList<SessionChargeResponse.LevelAmount> Totals,
    IReadOnlyList<SessionChargeResponse.Exported> Exports,
    bool IsCut,
    string? Next,
    string? NextResponse)
{
    /// <summary>One stay in a phase.</summary>
    internal sealed record Span(string Phase, DateTimeOffset From, DateTimeOffset? To);

    /// <summary>An amount of one level.</summary>
    internal sealed record LevelAmount(string Tenant, AmountResponse Amount);

    /// <summary>One run: generated, recorded, claimed, authorised and settled seconds, and each level's price.</summary>
    internal sealed record Run(
        int Ordinal, decimal Seconds, decimal RecordedSeconds, decimal? ClaimedSeconds, decimal? AuthorisedSeconds, decimal BlindSeconds,
        DateTimeOffset StartedAt, DateTimeOffset? ClosedAt, string? CloseReason, IReadOnlyList<Level> Levels)
    {
        public static Run Of(ChargedRun run, string currency) => new(
            run.Run, run.MarkMs / 1000m, run.LedgeredMs / 1000m, run.ClaimedMs / 1000m, run.AuthorisedMs / 1000m, run.BlindMs / 1000m,
            run.StartedAt, run.ClosedAt, run.CloseReason, [.. run.Levels.Select(level => Level.Of(level, run, currency))]);
    }

    /// <summary>
    /// One level: its price, what it owes for what is recorded, what will come on top for what is generated but not recorded yet, and
    /// how far its wallet was charged; null without a wallet.
    /// </summary>
    internal sealed record Level(
        string Tenant, string PriceVersion, decimal MicrosPerSecond, DateTimeOffset PricedFrom, RoundingResponse Rounding, long BilledSeconds,
        AmountResponse Charge, AmountResponse Pending, AmountResponse? SettledFromWallet, string Text)
    {
        public static Level Of(ChargedLevel level, ChargedRun run, string currency)
        {
            var (price, closed) = (level.Price, run.ClosedAt is not null);
            var charge = price.Settled(run.LedgeredMs, closed);
            return new Level(
                level.Tenant.ToString(), level.Version.ToString(CultureInfo.InvariantCulture), price.MicrosPerSecond, level.ValidFrom, RoundingResponse.Of(price.Rounding),
                price.Rounding.Units(run.LedgeredMs, closed), AmountResponse.Of(charge, currency),
                AmountResponse.Of(price.Settled(run.MarkMs, closed) - charge, currency),
                level.HasWallet ? AmountResponse.Of(price.Settled(run.SettledMs, run.IsSettled), currency) : null,
                PriceWords.Explain(price, run.LedgeredMs, closed, currency));
        }
    }

    /// <summary>One row of the ledger.</summary>
    internal sealed record Range(string Id, int Run, decimal From, decimal To, DateTimeOffset RecordedAt, IReadOnlyList<RangeCharge> Charges)
    {
        public static Range Of(ChargedRange range) => new(
            range.Id.ToString(CultureInfo.InvariantCulture), range.Run, range.FromMs / 1000m, range.ToMs / 1000m, range.RecordedAt,
            [.. range.Tenants.Select((tenant, i) => new RangeCharge(tenant.ToString(), range.Seconds[i], range.Micros[i]))]);
    }

    /// <summary>What one row costs one level.</summary>
    internal sealed record RangeCharge(string Tenant, long Seconds, long Micros);

    /// <summary>What is held: how far the run may go, and of which wallets.</summary>
    internal sealed record Held(int Run, decimal AuthorisedSeconds, bool IsToBeReleased, IReadOnlyList<LevelAmount> Amounts)
    {
        public static Held Of(HeldRow hold, string currency) => new(
            hold.Run, hold.AuthorisedMs / 1000m, hold.IsDue,
            [.. hold.Wallets.Select((wallet, i) => new LevelAmount(wallet.ToString(), AmountResponse.Of(hold.Micros[i], currency)))]);
    }

    /// <summary>A batch, what it counts, and how much of it is this session's.</summary>
    internal sealed record Exported(
        string Tenant, string Sink, string Identifier, string State, string Unit, long Value, DateTimeOffset FrozenAt, DateTimeOffset? SentAt)
    {
        public static Exported Of(ExportedRow row) => new(row.Tenant.ToString(), row.Sink, row.Identifier, row.State, row.Unit, row.Value, row.FrozenAt, row.SentAt);
    }

    /// <summary>An entry that corrects a run.</summary>
    internal sealed record Correction(string Tenant, int Run, AmountResponse Amount, long? Seconds, string Reason, DateTimeOffset At)
    {
        public static Correction Of(CorrectionRow row, string currency) =>
            new(row.Tenant.ToString(), row.Run, AmountResponse.Of(row.Micros, currency), row.Seconds, row.Reason, row.CreatedAt);
    }

    /// <summary>What each level owes for what is recorded of all runs and responses.</summary>
    public static IReadOnlyList<LevelAmount> TotalsOf(IReadOnlyList<ChargedRun> runs, IReadOnlyList<ChargedMeter> meters, string currency) =>
    [
        .. runs.SelectMany(run => run.Levels.Select(level => (level.Tenant, Micros: level.Price.Settled(run.LedgeredMs, run.ClosedAt is not null))))
            .Concat(meters.SelectMany(meter => meter.Levels.Select(level => (level.Tenant, Micros: level.Price.Settled(meter.Counted)))))
            .GroupBy(charge => charge.Tenant)
            .Select(level => new LevelAmount(level.Key.ToString(), AmountResponse.Of(level.Sum(charge => charge.Micros), currency))),
    ];
}
