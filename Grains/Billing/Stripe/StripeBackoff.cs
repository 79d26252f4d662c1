namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>How long a row waits for its next attempt: full jitter, so that lanes that failed together do not come back together.</summary>
public static class StripeBackoff
{
    private static readonly TimeSpan Base = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Cap = TimeSpan.FromMinutes(5);

    /// <summary>A random share of 1 s, 2 s, 4 s and so on up to 5 minutes; never less than Stripe asked for.</summary>
    /// <param name="attempt">How many attempts have failed, from 1.</param>
    /// <param name="random">From 0, below 1.</param>
    /// <param name="after">What Stripe asked for, if it did.</param>
    public static TimeSpan DelayAfter(int attempt, double random, TimeSpan? after = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(random);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(random, 1);
        // 2^9 s is past the cap already.
        var ceiling = attempt > 9 ? Cap : TimeSpan.FromTicks(Math.Min(Cap.Ticks, Base.Ticks << (attempt - 1)));
        var delay = ceiling * random;
        return after > delay ? after.Value : delay;
    }
}
