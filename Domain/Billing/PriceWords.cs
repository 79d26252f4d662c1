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
        $"Each run is rounded {(rounding.Mode is RoundingMode.Ceil ? "up" : "down")} once to {StepsOf(rounding.StepSeconds)} when it ends{LeastOf(rounding.MinimumSeconds)}; "
        + $"until then only full {(rounding.StepSeconds == 1 ? "seconds" : "steps")} count.");

    /// <summary>How milliseconds become an amount, such as <c>1.500 s generated, 2 s billed, 2 x 0.02 USD = 0.04 USD</c>.</summary>
    public static string Explain(Price price, long milliseconds, bool closed, string currency)
    {
        var seconds = price.Rounding.Units(milliseconds, closed);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Seconds.Format(milliseconds)} s {(closed ? "generated" : "so far")}, {seconds} s billed, "
            + $"{seconds} x {price.MicrosPerSecond / 1_000_000m:0.00##########} {currency} = {new Money(price.Settled(milliseconds, closed), currency)}");
    }

    private static string StepsOf(int seconds) => seconds == 1 ? "whole seconds" : string.Create(CultureInfo.InvariantCulture, $"steps of {seconds} s");

    private static string LeastOf(int seconds) => seconds == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and is at least {seconds} s");
}
