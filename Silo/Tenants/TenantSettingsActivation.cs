using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Tenants;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Silo.Tenants;

/// <summary>The contract as Orleans addresses it.</summary>
[Alias("tenant-settings")]
public interface ITenantSettingsActivation : ITenantSettingsGrain, IGrainWithStringKey;

/// <summary>All that Orleans adds to a tenant's settings: one grain in the cluster that reads and writes them.</summary>
public sealed class TenantSettingsActivation(IGrainContext context, IGrainLife life, IGrainDocument<TenantSettingsDocument> document)
    : TenantSettingsGrain(life, document), ITenantSettingsActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}
