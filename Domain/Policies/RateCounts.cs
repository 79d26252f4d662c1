namespace Orchestrator.Domain.Policies;

/// <summary>
/// How often frames of one session were sent, a bucket for each rate: full at first, filled again over its span, and emptied by one
/// for each frame that passes. A refused frame takes nothing, so waiting is always enough.
/// </summary>
public sealed class RateCounts(IReadOnlyList<RateRule> rules)
{
    private readonly (double Left, long At)[] _buckets = [.. rules.Select(rule => ((double)rule.Count, 0L))];

    /// <summary>Takes one from each of these buckets, or none from any.</summary>
    /// <param name="which">Ordinals of the rules.</param>
    /// <param name="now">In milliseconds; it never goes back.</param>
    public bool TryAdd(ReadOnlySpan<int> which, long now)
    {
        var areAll = true;
        foreach (var i in which)
        {
            var (left, at) = _buckets[i];
            left = Math.Min(rules[i].Count, left + Math.Max(0, now - at) * (double)rules[i].Count / rules[i].PerMs);
            _buckets[i] = (left, now);
            // What is a hair below one is one: thirds of a second add up to no whole in binary.
            areAll &= left >= 1 - 1e-9;
        }

        foreach (var i in areAll ? which : [])
            _buckets[i].Left = Math.Max(0, _buckets[i].Left - 1);
        return areAll;
    }
}
