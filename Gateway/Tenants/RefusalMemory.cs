using Microsoft.Extensions.Caching.Memory;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Who asked for what, as far as a refusal depends on it.</summary>
internal sealed record Asked(string? Address, string Credential, Guid Key, string? Metadata, string Provider, string Model, string Dialect)
{
    /// <summary>What a client asked that was authenticated.</summary>
    /// <param name="request">The session that it wants.</param>
    /// <param name="credential">What its credential is remembered by; empty where the request does not hold it.</param>
    public static Asked By(OpenSession request, string credential) =>
        new(request.ClientAddress, credential, request.KeyId, request.Metadata, request.Provider, request.Model, request.Dialect);
}

/// <summary>
/// Refusals that cost something, for a short while, each for who was refused and for what it asked. What the claim refused is asked
/// again after two seconds, so that a top-up or a session that ended counts at once for people. A provider that is full, or refuses
/// us, is not dialled again for the same client for eight seconds, and for twice as long each further time up to thirty: of the six
/// attempts that a published client makes within 25 s, two are dialled.
/// </summary>
internal sealed class RefusalMemory(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan OfClaims = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OfDials = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // What does not fit is not remembered: then it is asked again, and nobody is kept out.
    private readonly MemoryCache _refused = new(new MemoryCacheOptions { SizeLimit = 20_000 });

    /// <summary>Why this was refused just now, or null.</summary>
    public CloseCode? WhyRefused(Asked asked) =>
        _refused.TryGetValue(asked, out Refusal? last) && time.GetElapsedTime(last!.At) < last.Lasts ? last.Code : null;

    /// <summary>It was not admitted. Only what stays so without a change of somebody's is remembered.</summary>
    public void Refused(Asked asked, CloseCode code)
    {
        if (code.Entry().Advice is CloseAdvice.StayAway)
            Remember(asked, code, OfClaims);
    }

    /// <summary>It was admitted, and this came of it.</summary>
    public void Ended(Asked asked, CloseCode code)
    {
        if (code is not (CloseCode.UpstreamFull or CloseCode.ProviderRefused))
            _refused.Remove(asked);
        else if (_refused.Get<Refusal>(asked) is { } last && last.Code == code)
            Remember(asked, code, Doubled(last.Lasts));
        else
            Remember(asked, code, OfDials);
    }

    /// <inheritdoc/>
    public void Dispose() => _refused.Dispose();

    private void Remember(Asked asked, CloseCode code, TimeSpan lasts) =>
        _refused.Set(asked, new Refusal(code, time.GetTimestamp(), lasts), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = 2 * Longest });

    private static TimeSpan Doubled(TimeSpan span) => 2 * span < Longest ? 2 * span : Longest;

    private sealed record Refusal(CloseCode Code, long At, TimeSpan Lasts);
}
