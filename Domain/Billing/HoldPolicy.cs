using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>One wallet above a session that limits it.</summary>
/// <param name="Wallet">Whose wallet.</param>
/// <param name="Price">What that tenant pays for the session's seconds.</param>
public sealed record HoldLevel(TenantId Wallet, Price Price);

/// <summary>A session that wants to go on.</summary>
/// <param name="AuthorisedMs">What its run may generate now. It is never taken back.</param>
/// <param name="SettledMs">As much of it as is settled already.</param>
/// <param name="WantedMs">What it wants to be allowed in all.</param>
/// <param name="Levels">The wallets that limit it.</param>
/// <param name="LeastMs">With less than this it cannot begin, and gets nothing.</param>
public sealed record HoldRequest(long AuthorisedMs, long SettledMs, long WantedMs, IReadOnlyList<HoldLevel> Levels, long LeastMs = 0);

/// <summary>What a session may generate, and what that holds of each of its wallets, in the order of its levels.</summary>
public sealed record HoldGrant(long AuthorisedMs, IReadOnlyList<long> HeldMicros);

/// <summary>Who of a batch gets how much of what is left in the wallets of its tree.</summary>
public static class HoldPolicy
{
    /// <summary>
    /// Goes through the requests in order. Each gets as much of what it wants as every one of its wallets can pay for, so either
    /// all of them hold the price of it or none does.
    /// </summary>
    /// <param name="requests">Who wants what.</param>
    /// <param name="available">What each limiting wallet has left while the holds of these requests, as they stand, are taken off; it may be below zero.</param>
    public static IReadOnlyList<HoldGrant> Allocate(IReadOnlyList<HoldRequest> requests, IReadOnlyDictionary<TenantId, long> available)
    {
        var left = new Dictionary<TenantId, long>(available);
        var grants = new List<HoldGrant>(requests.Count);
        foreach (var request in requests)
        {
            var affordable = Math.Min(request.WantedMs, Affordable(request, left));
            var authorised = affordable < request.LeastMs ? request.AuthorisedMs : Math.Max(request.AuthorisedMs, affordable);
            var held = new long[request.Levels.Count];
            for (var i = 0; i < held.Length; i++)
            {
                held[i] = Held(request.Levels[i].Price, authorised, request.SettledMs);
                left[request.Levels[i].Wallet] -= held[i] - Held(request.Levels[i].Price, request.AuthorisedMs, request.SettledMs);
            }

            grants.Add(new HoldGrant(authorised, held));
        }

        return grants;
    }

    /// <summary>What a hold takes off a wallet: the price of the whole run, were it to end there, less what is settled of it.</summary>
    public static long Held(Price price, long authorisedMs, long settledMs) =>
        Math.Max(0, price.Settled(authorisedMs, closed: true) - price.Settled(settledMs, closed: false));

    private static long Affordable(HoldRequest request, Dictionary<TenantId, long> left) => request.Levels.Count == 0
        ? long.MaxValue
        : request.Levels.Min(level => level.Price.Affordable(
            level.Price.Settled(request.SettledMs, closed: false) + Held(level.Price, request.AuthorisedMs, request.SettledMs) + left[level.Wallet]));
}
