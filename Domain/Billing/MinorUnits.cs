namespace Orchestrator.Domain.Billing;

/// <summary>The smallest amount of a currency that is paid, as ISO 4217 has it.</summary>
public static class MinorUnits
{
    private static readonly HashSet<string> Whole = new(StringComparer.Ordinal)
    {
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
    };

    private static readonly HashSet<string> Thousandths = new(StringComparer.Ordinal) { "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND" };

    /// <summary>How many decimals its amounts have: 0, 2 or 3.</summary>
    public static int DecimalsOf(string currency) => Whole.Contains(currency) ? 0 : Thousandths.Contains(currency) ? 3 : 2;

    /// <summary>The amount rounded to whole minor units, half away from zero, in micro-units again.</summary>
    public static long Round(long micros, string currency) =>
        (long)(decimal.Round(micros / 1_000_000m, DecimalsOf(currency), MidpointRounding.AwayFromZero) * 1_000_000m);
}
