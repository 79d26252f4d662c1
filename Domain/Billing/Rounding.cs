namespace Orchestrator.Domain.Billing;

/// <summary>Which way a finished generation is rounded to whole steps.</summary>
public enum RoundingMode
{
    /// <summary>Up to the next step. The default, and visible to the tenant.</summary>
    Ceil,
    /// <summary>Down to the last full step.</summary>
    Floor,
}

/// <summary>
/// How milliseconds become billed seconds. It is applied to the whole generation once and never to a difference, so the
/// number of ticks or settlements in between cannot change the bill.
/// </summary>
/// <param name="Mode">Which way the last step goes when the generation closes.</param>
/// <param name="StepSeconds">The step, at least 1: 1 bills whole seconds, 30 bills half minutes.</param>
/// <param name="MinimumSeconds">The least that a generation with any milliseconds at all is billed when it closes.</param>
public sealed record Rounding(RoundingMode Mode = RoundingMode.Ceil, int StepSeconds = 1, int MinimumSeconds = 0)
{
    /// <summary>The step, at least 1.</summary>
    public int StepSeconds { get; } =
        StepSeconds >= 1 ? StepSeconds : throw new ArgumentOutOfRangeException(nameof(StepSeconds), StepSeconds, "A step has at least one second.");

    /// <summary>The least that is billed, not negative.</summary>
    public int MinimumSeconds { get; } =
        MinimumSeconds >= 0 ? MinimumSeconds : throw new ArgumentOutOfRangeException(nameof(MinimumSeconds), MinimumSeconds, "A minimum is not negative.");

    /// <summary>Whole seconds, up.</summary>
    public static Rounding Default { get; } = new();

    /// <summary>Billed whole seconds of a generation at <paramref name="milliseconds"/>. While it is open only full steps count.</summary>
    public long Units(long milliseconds, bool closed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(milliseconds);

        var stepMs = StepSeconds * 1000L;
        var full = milliseconds / stepMs * StepSeconds;
        if (!closed || milliseconds == 0)
            return full;

        var rounded = Mode is RoundingMode.Ceil && milliseconds % stepMs != 0 ? full + StepSeconds : full;
        return Math.Max(rounded, MinimumSeconds);
    }

    /// <summary>The longest closed generation that is billed at most so many seconds: the inverse of <see cref="Units"/>.</summary>
    public long Longest(long units)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(units);

        if (units < MinimumSeconds)
            return 0;
        var full = Math.Min(units / StepSeconds * StepSeconds, Seconds.MaxMilliseconds / 1000);
        return Math.Min(Mode is RoundingMode.Ceil ? full * 1000 : (full + StepSeconds) * 1000 - 1, Seconds.MaxMilliseconds);
    }
}
