using System.Text.Json.Serialization;

namespace Orchestrator.Simulator.Demo;

/// <summary>An amount as the gateway's API writes it.</summary>
internal sealed record Amount(long Micros, string Currency, string Text)
{
    /// <summary>Whole cents, more only where there are.</summary>
    public static string Words(long micros, string currency) => FormattableString.Invariant($"{micros / 1_000_000m:0.00####} {currency}");
}

/// <summary><c>GET /v1/sessions/{id}/charge</c> as one level of the tree sees it, as far as the demo looks.</summary>
internal sealed record ChargeView(
    string Tenant, string Currency, IReadOnlyList<ChargeView.Run> Runs, ChargeView.Held? Hold, IReadOnlyList<ChargeView.LevelAmount> Totals,
    IReadOnlyList<ChargeView.Exported> Exports)
{
    /// <summary>Every level that is told of, the viewer's own first.</summary>
    public IReadOnlyList<string> Tenants => [.. Runs.SelectMany(run => run.Levels).Select(level => level.Tenant).Distinct()];

    /// <summary>What is recorded.</summary>
    public long RecordedMs => (long)(Runs.Sum(run => run.RecordedSeconds) * 1000);

    /// <summary>What a level pays for.</summary>
    public long SecondsOf(string tenant) => LevelsOf(tenant).Sum(level => level.BilledSeconds);

    /// <summary>What it pays.</summary>
    public long MicrosOf(string tenant) => Totals.Where(total => total.Tenant == tenant).Sum(total => total.Amount.Micros);

    /// <summary>The rates that it pays at, in words.</summary>
    public string RatesOf(string tenant) =>
        string.Join(" and ", LevelsOf(tenant).Select(level => FormattableString.Invariant($"{level.MicrosPerSecond / 1_000_000m:0.00##########}")).Distinct());

    /// <summary>The batches that its seconds went out in.</summary>
    public IReadOnlyList<Exported> ExportsOf(string tenant) => [.. Exports.Where(export => export.Tenant == tenant && export.Unit == Exported.OfSeconds)];

    /// <summary>Whether every wallet has paid what its level owes.</summary>
    public bool IsSettled => Runs.SelectMany(run => run.Levels).All(level => level.SettledFromWallet is null || level.SettledFromWallet.Micros == level.Charge.Micros);

    private IEnumerable<Level> LevelsOf(string tenant) => Runs.SelectMany(run => run.Levels).Where(level => level.Tenant == tenant);

    internal sealed record LevelAmount(string Tenant, Amount Amount);

    internal sealed record Run(int Ordinal, decimal RecordedSeconds, decimal? AuthorisedSeconds, IReadOnlyList<Level> Levels);

    internal sealed record Level(string Tenant, decimal MicrosPerSecond, long BilledSeconds, Amount Charge, Amount? SettledFromWallet);

    internal sealed record Held(int Run, decimal AuthorisedSeconds, IReadOnlyList<LevelAmount> Amounts);

    internal sealed record Exported(string Tenant, string Sink, string Identifier, string State, string Unit, [property: JsonPropertyName("value")] long Seconds)
    {
        /// <summary>Batches of tokens count something else.</summary>
        public const string OfSeconds = "seconds";
    }
}

/// <summary>A wallet; no amount is available where nobody is stopped.</summary>
internal sealed record WalletView(Amount Settled, Amount Held, Amount? Available);

/// <summary>A session as the platform's operator sees it, at his own command line alone.</summary>
internal sealed record OperatorView(string Session, string Currency, IReadOnlyList<OperatorView.Level> Levels, OperatorView.Paid Cost, long MarginMicros)
{
    internal sealed record Level(string Tenant, string Name, long Seconds, long Micros);

    internal sealed record Paid(long Seconds, long Micros, decimal RecordedSeconds, decimal UncostedSeconds);
}

/// <summary>A page of what a fake Stripe accepted.</summary>
internal sealed record StripePage(IReadOnlyList<StripeEvent> Data, long Next);

/// <summary>One meter event that it accepted.</summary>
internal sealed record StripeEvent(string Account, string EventName, string Identifier, string Customer, decimal Value, bool Cancelled, string? Failure);
