using Orchestrator.Domain.Processes;
using Orchestrator.Grains.Processes;
using Orleans.Services;

namespace Orchestrator.Silo.Processes;

/// <summary>What a silo tells another that asks; one in every silo, so that asking needs neither the directory nor the database.</summary>
[Alias("peer")]
public interface IPeerService : IGrainService
{
    /// <summary>How this process's lease is, or null while it has none.</summary>
    Task<PeerRenewal?> RenewalAsync();
}

/// <inheritdoc cref="IPeerService"/>
public sealed class PeerService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, ProcessLease lease) : GrainService(id, silo, loggers), IPeerService
{
    /// <inheritdoc/>
    public Task<PeerRenewal?> RenewalAsync() => Task.FromResult(lease.Renewal);
}
