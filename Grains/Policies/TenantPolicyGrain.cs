using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Grains.Policies;

/// <summary>What is kept of a tenant's policies.</summary>
/// <param name="Policies">What they say.</param>
/// <param name="SetAtDepth">Where in its tree the one stands that set them, a root at 1. Tenants do not move.</param>
public sealed record TenantPolicyDocument(TenantPolicies Policies, int SetAtDepth) : ISetFromAbove;

/// <summary>The policies of one tenant, in a document of their own.</summary>
public class TenantPolicyGrain(IGrainLife life, IGrainDocument<TenantPolicyDocument> document) : ITenantPolicyGrain
{
    /// <summary>The document's name.</summary>
    public const string Document = "tenant_policy";

    private readonly TenantId _tenant = new(Guid.ParseExact(life.Key, "N"));

    /// <inheritdoc/>
    public async Task<StandingPolicies> GetAsync(CancellationToken cancellationToken)
    {
        await document.EnsureReadAsync(cancellationToken);
        return Standing;
    }

    /// <inheritdoc/>
    public async Task<PoliciesChange> ChangeAsync(PoliciesWish wish, CancellationToken cancellationToken) =>
        new(await document.ChangeAsync(wish.Depth, wish.ETag, () => WriteAsync(wish, cancellationToken), cancellationToken), Standing);

    private StandingPolicies Standing => new(document.Value?.Policies, document.Value?.SetAtDepth, document.ETag);

    private Task<DocumentOutcome> WriteAsync(PoliciesWish wish, CancellationToken cancellationToken) => wish.Policies is { } policies
        ? document.WriteAsync(
            new TenantPolicyDocument(policies, wish.Depth),
            new DocumentChange(_tenant, wish.Actor, "policy_set", new { policies = WithoutSecrets(policies), replaces = wish.ETag }),
            cancellationToken)
        : document.ClearAsync(new DocumentChange(_tenant, wish.Actor, "policy_cleared", new { replaces = wish.ETag }), cancellationToken);

    private static TenantPolicies WithoutSecrets(TenantPolicies policies) => policies.EachModeration(moderation => moderation with { Secret = null });
}
