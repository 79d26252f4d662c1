using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Silo.Billing;

/// <summary>The contract as Orleans addresses it.</summary>
[Alias("billing")]
public interface IBillingActivation : IBillingGrain, IGrainWithStringKey;

/// <summary>All that Orleans adds to a tree's billing grain: one in the cluster, so that a tree has one transaction at a time.</summary>
public sealed class BillingActivation(
    IGrainContext context, IGrainLife life, ISessionClaimStore claimStore, IBillingStore store, BillingMetrics metrics, TimeProvider time, ILogger<BillingGrain> logger)
    : BillingGrain(life, claimStore, store, metrics, time, logger), IBillingActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}
