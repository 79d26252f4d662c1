using System.Threading.RateLimiting;
using Microsoft.Extensions.Caching.Memory;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// A refused client is told politely, in its dialect, which costs an upgraded connection and perhaps a claim. Who is refused
/// again and again is told with a bare HTTP answer instead. Only refusals are counted, by address and credential together, so
/// nobody can use up somebody else's patience, and a credential that is let in is never kept waiting.
/// </summary>
internal sealed class RefusalThrottle(TimeProvider time) : IDisposable
{
    /// <summary>For how long a good credential that was refused at its claim too often is not asked again.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<Source> _polite = PartitionedRateLimiter.Create<Source, Source>(source =>
        RateLimitPartition.GetTokenBucketLimiter(source, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 10, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0, AutoReplenishment = false,
        }));

    private readonly PartitionedRateLimiter<string> _politeByAddress = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 50, TokensPerPeriod = 10, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0, AutoReplenishment = false,
        }));

    private readonly MemoryCache _flooding = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>Counts a refusal; true when this one may still be told politely.</summary>
    public bool TryBePolite(Source source)
    {
        // The address first: who invents a credential for every attempt fills no memory with them.
        using var byAddress = _politeByAddress.AttemptAcquire(source.Address);
        if (!byAddress.IsAcquired)
            return false;
        using var bySource = _polite.AttemptAcquire(source);
        return bySource.IsAcquired;
    }

    /// <summary>
    /// Counts a refusal that cost a claim. Only these make a source flood: what is wrong with one request of a credential, its
    /// model for one, must not keep out the next one that is in order.
    /// </summary>
    public void ClaimRefused(Source source)
    {
        using var bySource = _polite.AttemptAcquire(source);
        if (!bySource.IsAcquired)
            _flooding.Set(source, time.GetTimestamp(), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Memory });
    }

    /// <summary>Whether this source was just refused once too often: it is answered from memory, without a claim.</summary>
    public bool IsFlooding(Source source) => _flooding.TryGetValue(source, out _);

    /// <inheritdoc/>
    public void Dispose()
    {
        _polite.Dispose();
        _politeByAddress.Dispose();
        _flooding.Dispose();
    }
}
