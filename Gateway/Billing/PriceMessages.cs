using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;

namespace Orchestrator.Gateway.Billing;

/// <summary>A price to be set.</summary>
/// <param name="Model">The model; absent or null for every model without a price of its own.</param>
/// <param name="MicrosPerSecond">Millionths of the currency's unit per second, with up to six decimals.</param>
/// <param name="Rounding"><c>ceil</c> (default) or <c>floor</c>.</param>
/// <param name="StepSeconds">The step that a run is rounded to; 1 by default.</param>
/// <param name="MinimumSeconds">The least that a run is billed; 0 by default.</param>
/// <param name="ValidFrom">When it begins; now by default, never in the past.</param>
internal sealed record NewPrice(string? Model, decimal? MicrosPerSecond, RoundingMode? Rounding, int? StepSeconds, int? MinimumSeconds, DateTimeOffset? ValidFrom)
{
    /// <summary>A thousand units a second: no run that a clock can count costs more than 64 bits hold.</summary>
    public const decimal MaxMicrosPerSecond = 1_000_000_000m;

    /// <summary>A day.</summary>
    public const int MaxSeconds = 86_400;

    public static NewPrice Read(JsonBody body) => new(
        body.Text("model", AccessPolicy.MaxModelLength),
        body.Number("microsPerSecond", 0, MaxMicrosPerSecond, required: true),
        body.OneOf("rounding", required: false, RoundingMode.Ceil, RoundingMode.Floor),
        (int?)body.Whole("stepSeconds", 1, MaxSeconds),
        (int?)body.Whole("minimumSeconds", 0, MaxSeconds),
        body.Instant("validFrom"));

    /// <summary>The price, once nothing was wrong with it.</summary>
    public Price ToPrice() => new(MicrosPerSecond!.Value, new Rounding(Rounding ?? RoundingMode.Ceil, StepSeconds ?? 1, MinimumSeconds ?? 0));
}

/// <summary>How seconds are counted, for programs and in words.</summary>
internal sealed record RoundingResponse(RoundingMode Mode, int StepSeconds, int MinimumSeconds, string Text)
{
    public static RoundingResponse Of(Rounding rounding) => new(rounding.Mode, rounding.StepSeconds, rounding.MinimumSeconds, PriceWords.Of(rounding));
}

/// <summary>Whether a version holds now.</summary>
internal enum PriceState
{
    /// <summary>It has ended.</summary>
    Past,
    /// <summary>What starts now locks it, unless there is one for the very model.</summary>
    Running,
    /// <summary>It has not begun.</summary>
    Scheduled,
}

/// <summary>One version of a price, as the one who pays it and those above see it.</summary>
internal sealed record PriceResponse(
    string Id, string? Model, string Unit, decimal MicrosPerSecond, string Text, RoundingResponse Rounding, DateTimeOffset ValidFrom, DateTimeOffset? ValidUntil, PriceState State)
{
    public static PriceResponse Of(PriceVersion version, string currency, DateTimeOffset now) => new(
        version.Id.ToString(System.Globalization.CultureInfo.InvariantCulture),
        version.Model,
        "second",
        version.Price.MicrosPerSecond,
        PriceWords.Of(version.Price, currency),
        RoundingResponse.Of(version.Price.Rounding),
        version.From,
        version.Until,
        version.From > now ? PriceState.Scheduled : version.Until <= now ? PriceState.Past : PriceState.Running);
}
