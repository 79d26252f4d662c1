using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>A session that wants to open.</summary>
/// <param name="Path">The tenants from root to leaf; empty for one that stands already and takes no place.</param>
/// <param name="Levels">The wallets that limit it, with what those tenants pay now; empty when none does.</param>
public sealed record AdmissionRequest(IReadOnlyList<TenantId> Path, IReadOnlyList<HoldLevel> Levels);

/// <summary>What is held for a new session.</summary>
public sealed record HoldDecision(long AuthorisedMs, IReadOnlyList<KeyValuePair<TenantId, long>> Held);

/// <summary>How a request went: refused, or admitted, with a hold where a wallet limits it.</summary>
public sealed record AdmissionDecision(CloseCode? Refused, HoldDecision? Hold);

/// <summary>Step 4: who of a batch may open, by the places and the credit of its tree.</summary>
public static class AdmissionPolicy
{
    /// <summary>
    /// Goes through the requests in order. Who is refused for one reason takes neither a place nor credit from those behind.
    /// </summary>
    public static IReadOnlyList<AdmissionDecision> Decide(
        IReadOnlyList<AdmissionRequest> requests, IReadOnlyList<ConcurrencyLimit> limits, IReadOnlyDictionary<TenantId, long> available)
    {
        var broke = new HashSet<int>();
        while (true)
        {
            var candidates = Enumerable.Range(0, requests.Count).Where(i => !broke.Contains(i)).ToList();
            var placed = ConcurrencyPolicy.Admit(candidates.ConvertAll(i => requests[i].Path), limits);
            var admitted = candidates.Where((_, place) => placed[place]).ToList();
            var grants = HoldPolicy.Allocate(admitted.ConvertAll(i => Wish(requests[i])), available);

            // Whoever gets no hold gives up the place, which another may then have.
            var unheld = admitted.Where((i, place) => requests[i].Levels.Count > 0 && grants[place].AuthorisedMs == 0).ToList();
            if (unheld.Count == 0)
                return Decisions(requests, broke, admitted, grants);
            broke.UnionWith(unheld);
        }
    }

    private static HoldRequest Wish(AdmissionRequest request) =>
        new(AuthorisedMs: 0, SettledMs: 0, (long)HoldRule.Chunk.TotalMilliseconds, request.Levels, LeastMs: (long)HoldRule.Start.TotalMilliseconds);

    private static IReadOnlyList<AdmissionDecision> Decisions(
        IReadOnlyList<AdmissionRequest> requests, HashSet<int> broke, List<int> admitted, IReadOnlyList<HoldGrant> grants)
    {
        var decisions = new AdmissionDecision[requests.Count];
        Array.Fill(decisions, new AdmissionDecision(CloseCode.ConcurrencyExceeded, null));
        foreach (var i in broke)
            decisions[i] = new AdmissionDecision(CloseCode.InsufficientCredits, null);
        for (var place = 0; place < admitted.Count; place++)
            decisions[admitted[place]] = new AdmissionDecision(null, Held(requests[admitted[place]], grants[place]));
        return decisions;
    }

    private static HoldDecision? Held(AdmissionRequest request, HoldGrant grant) => request.Levels.Count == 0
        ? null
        : new HoldDecision(grant.AuthorisedMs, [.. request.Levels.Select((level, i) => KeyValuePair.Create(level.Wallet, grant.HeldMicros[i]))]);
}
