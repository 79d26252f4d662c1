using System.Globalization;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What a session used by response, in the answer to why it costs what it costs.</summary>
internal static class SessionTokens
{
    /// <summary>All of one model: counts by kind, those that were not cached apart from those that were, and what each level owes for them.</summary>
    internal sealed record Meter(string Model, TokenAmounts<long> Counts, DateTimeOffset StartedAt, IReadOnlyList<Level> Levels)
    {
        public static Meter Of(ChargedMeter meter, string currency) => new(
            meter.Model, TokenAmounts<long>.Of(meter.Counted.Known), meter.StartedAt, [.. meter.Levels.Select(level => Level.Of(level, meter, currency))]);
    }

    /// <summary>One level: its prices by the million, what it owes, and how much of that its wallet was charged; null without a wallet.</summary>
    internal sealed record Level(string Tenant, string PriceVersion, TokenAmounts<decimal> MicrosPerMillion, AmountResponse Charge, AmountResponse? SettledFromWallet)
    {
        public static Level Of(ChargedTokenLevel level, ChargedMeter meter, string currency) => new(
            level.Tenant.ToString(), level.Version.ToString(CultureInfo.InvariantCulture), TokenAmounts<decimal>.Of(kind => level.Price[kind]),
            AmountResponse.Of(level.Price.Settled(meter.Counted), currency),
            level.HasWallet ? AmountResponse.Of(level.Price.Settled(meter.Settled), currency) : null);
    }

    /// <summary>One response, or one transcription. A count that its provider did not tell is null.</summary>
    internal sealed record Response(
        string Id, string Source, string Model, TokenAmounts<long?> Counts, long? InputTokens, long? OutputTokens, IReadOnlyList<string> Anomalies, DateTimeOffset At,
        IReadOnlyList<ResponseCharge> Charges)
    {
        public static Response Of(ChargedResponse response) => new(
            response.Id, response.Source, response.Model, TokenAmounts<long?>.Of(kind => response.Counts[kind]), response.Input, response.Output, response.Anomalies,
            response.ToldAt, [.. response.Tenants.Select((tenant, i) => new ResponseCharge(tenant.ToString(), response.Micros[i]))]);
    }

    /// <summary>What one response costs one level: the difference of the session's charge before and after it.</summary>
    internal sealed record ResponseCharge(string Tenant, long Micros);
}
