namespace Orchestrator.Benchmarks.Support;

internal static class Statistics
{
    /// <summary>The value below which this share of the sorted values lies.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    /// <summary>The middle value.</summary>
    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 0.5);
}
