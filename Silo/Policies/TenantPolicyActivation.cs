using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Policies;

namespace Orchestrator.Silo.Policies;

/// <summary>The contract as Orleans addresses it.</summary>
[Alias("tenant-policy")]
public interface ITenantPolicyActivation : ITenantPolicyGrain, IGrainWithStringKey;

/// <summary>All that Orleans adds to a tenant's policies: one grain in the cluster that reads and writes them.</summary>
public sealed class TenantPolicyActivation(IGrainContext context, IGrainLife life, IGrainDocument<TenantPolicyDocument> document)
    : TenantPolicyGrain(life, document), ITenantPolicyActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}
