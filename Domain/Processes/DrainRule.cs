namespace Orchestrator.Domain.Processes;

/// <summary>What is to be expected of the sessions of a process that is going away.</summary>
/// <param name="Live">How many there are.</param>
/// <param name="InTime">How many of them end by their own limits before the deadline.</param>
/// <param name="Late">How many have a known end that comes after it.</param>
/// <param name="Open">How many have no known end.</param>
/// <param name="Latest">The latest known end, from now; null where none is known.</param>
public sealed record DrainForecast(int Live, int InTime, int Late, int Open, TimeSpan? Latest);

/// <summary>
/// The forecast of a drain. Only what must end a session counts: its duration and, before its node is ready, the bound on
/// waiting for that. Credit does not, since it may be topped up; nor does idling, since the next message ends that.
/// </summary>
public static class DrainRule
{
    /// <summary>What is to be expected.</summary>
    /// <param name="ends">For each session how long it lives from now at most; null where nobody knows.</param>
    /// <param name="left">The time until the deadline.</param>
    public static DrainForecast Forecast(IReadOnlyCollection<TimeSpan?> ends, TimeSpan left) => new(
        ends.Count,
        ends.Count(end => end <= left),
        ends.Count(end => end > left),
        ends.Count(end => end is null),
        ends.Max());

    /// <summary>How long a session lives from now at most, or null when none of its own limits ends it.</summary>
    /// <param name="maxDuration">How long it may run once its node is ready; null for no limit.</param>
    /// <param name="readyFor">Since when its node is ready; null while it is not.</param>
    /// <param name="waitedFor">How long ago it began.</param>
    /// <param name="waitTimeout">How long it may wait for its node.</param>
    public static TimeSpan? LongestLeft(TimeSpan? maxDuration, TimeSpan? readyFor, TimeSpan waitedFor, TimeSpan waitTimeout) =>
        (maxDuration, readyFor) switch
        {
            (null, _)                    => null,
            ({ } limit, { } ready)       => NotNegative(limit - ready),
            // It may become ready in the last moment, and then has all of its duration before it.
            ({ } limit, null)            => NotNegative(waitTimeout - waitedFor) + limit,
        };

    private static TimeSpan NotNegative(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}
