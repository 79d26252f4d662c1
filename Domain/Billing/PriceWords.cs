using System.Globalization;

namespace Orchestrator.Domain.Billing;

/// <summary>Prices and rounding as people read them.</summary>
public static class PriceWords
{
    /// <summary>What a second costs, such as <c>0.02 USD per second</c>.</summary>
    public static string Of(Price price, string currency) =>
        string.Create(CultureInfo.InvariantCulture, $"{price.MicrosPerSecond / 1_000_000m:0.00##########} {currency} per second");

    /// <summary>How seconds are counted, such as <c>Each run is rounded up once to steps of 30 s when it ends, and is at least 60 s.</c></summary>
    public static string Of(Rounding rounding) => string.Create(
        CultureInfo.InvariantCulture,
        $"Each run is rounded {(rounding.Mode is RoundingMode.Ceil ? "up" : "down")} once to {StepsOf(rounding.StepSeconds)} when it ends{LeastOf(rounding.MinimumSeconds)}; until then only full {(rounding.StepSeconds == 1 ? "seconds" : "steps")} count.");

    private static string StepsOf(int seconds) => seconds == 1 ? "whole seconds" : string.Create(CultureInfo.InvariantCulture, $"steps of {seconds} s");

    private static string LeastOf(int seconds) => seconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and is at least {seconds} s");
}
