namespace Orchestrator.Domain.Billing;

/// <summary>How long a lane keeps still after an attempt that is to be repeated: full jitter, so that lanes that failed together do not come back together.</summary>
public static class Backoff
{
    /// <summary>The most before the second attempt.</summary>
    public static readonly TimeSpan Base = TimeSpan.FromSeconds(1);

    /// <summary>The most before any.</summary>
    public static readonly TimeSpan Cap = TimeSpan.FromMinutes(5);

    /// <summary>Nobody keeps a lane still for longer, whatever it asks for: beyond that the repeats would run out.</summary>
    public static readonly TimeSpan MaxAsked = TimeSpan.FromHours(1);

    /// <summary>The wait after that many attempts. Who was told when to come back does not come earlier, and not with all the others.</summary>
    public static TimeSpan Delay(int attempts, TimeSpan? asked, double jitter)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(jitter, 1);
        // Beyond 2^9 s the cap decides.
        var ceiling = attempts > 9 ? Cap : TimeSpan.FromTicks(Math.Min(Cap.Ticks, Base.Ticks << Math.Max(0, attempts - 1)));
        return asked is { } after && after > TimeSpan.Zero ? (after < MaxAsked ? after : MaxAsked) + Base * jitter : ceiling * jitter;
    }
}
