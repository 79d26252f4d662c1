using Orchestrator.Domain.Policies;

namespace Orchestrator.Grains.Interfaces.Policies;

/// <summary>The same change to each policy of a tenant.</summary>
public static class PolicyChanges
{
    /// <summary>The policies with each moderation changed like that.</summary>
    public static TenantPolicies EachModeration(this TenantPolicies policies, Func<ModerationRule, ModerationRule> change)
    {
        return new TenantPolicies(Changed(policies.Policy), [.. policies.Named.Select(named => new NamedPolicy(named.Name, Changed(named.Policy)!))]);

        FramePolicy? Changed(FramePolicy? policy) => policy?.Moderation is { } moderation ? policy with { Moderation = change(moderation) } : policy;
    }

    /// <summary>Each moderation, wherever it stands.</summary>
    public static IEnumerable<ModerationRule> Moderations(this TenantPolicies policies) =>
        policies.Named.Select(named => named.Policy).Prepend(policies.Policy).Select(policy => policy?.Moderation).OfType<ModerationRule>();
}
