using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Tenants;

namespace Orchestrator.Grains.Interfaces.Policies;

/// <summary>What the owner of a tenant, or one above it, lets the clients of its sessions do. Keyed by the tenant's id.</summary>
[Grain]
public interface ITenantPolicyGrain
{
    /// <summary>The policies as they stand; of this tenant alone, whatever is set above it.</summary>
    Task<StandingPolicies> GetAsync(CancellationToken cancellationToken);

    /// <summary>Replaces or clears them, if nobody did since <see cref="PoliciesWish.ETag"/> and nobody higher up has set them.</summary>
    Task<PoliciesChange> ChangeAsync(PoliciesWish wish, CancellationToken cancellationToken);
}

/// <summary>The policies of one tenant. Secrets in it are as they may be stored.</summary>
/// <param name="Policy">What counts for every session of it and of those below it; null says nothing.</param>
/// <param name="Named">What its client tokens, and those of tenants below it, may name to be held to beside that.</param>
public sealed record TenantPolicies(FramePolicy? Policy, IReadOnlyList<NamedPolicy> Named)
{
    /// <summary>The most that may have a name.</summary>
    public const int MaxNamed = 16;

    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 40;
}

/// <summary>A policy that client tokens may name.</summary>
public sealed record NamedPolicy(string Name, FramePolicy Policy);

/// <summary>Policies as they stand.</summary>
/// <param name="Policies">What they say; null when nothing is set.</param>
/// <param name="SetAtDepth">Where in its tree the one stands that set them, a root at 1.</param>
/// <param name="ETag">Their version; null when nothing was ever set.</param>
public sealed record StandingPolicies(TenantPolicies? Policies, int? SetAtDepth, string? ETag);

/// <summary>A change that somebody wants.</summary>
/// <param name="Policies">What they shall say; null to clear them.</param>
/// <param name="Depth">Where in its tree the one stands that wants it, a root at 1. It is above the tenant, or the tenant itself.</param>
/// <param name="ETag">The version that it is to replace; null when nothing was ever set.</param>
/// <param name="Actor">Who wants it, as the audit names it.</param>
public sealed record PoliciesWish(TenantPolicies? Policies, int Depth, string? ETag, string Actor);

/// <summary>How a change went, and the policies as they stand after it.</summary>
public sealed record PoliciesChange(SettingsOutcome Outcome, StandingPolicies Standing);
