using System.Threading.RateLimiting;

namespace Orchestrator.Gateway.Billing;

/// <summary>
/// Bounds what an endpoint does for callers that nobody has authenticated yet, each address for itself: who floods it keeps
/// nobody else out, and whoever is kept out is told to come back.
/// </summary>
internal sealed class WebhookGate : IDisposable
{
    private readonly PartitionedRateLimiter<string> _perSecond = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 100, TokensPerPeriod = 50, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0, AutoReplenishment = false,
        }));

    private readonly PartitionedRateLimiter<string> _atOnce = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetConcurrencyLimiter(address, _ => new ConcurrencyLimiterOptions { PermitLimit = 16, QueueLimit = 0 }));

    /// <summary>Lets a request in until the lease is disposed; null when it is one too many.</summary>
    public RateLimitLease? Enter(string address)
    {
        using var token = _perSecond.AttemptAcquire(address);
        if (!token.IsAcquired)
            return null;
        var place = _atOnce.AttemptAcquire(address);
        if (place.IsAcquired)
            return place;
        place.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _perSecond.Dispose();
        _atOnce.Dispose();
    }
}
