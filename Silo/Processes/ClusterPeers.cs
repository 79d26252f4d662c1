using Orchestrator.Domain.Processes;
using Orchestrator.Grains.Processes;
using Orleans.Runtime.Services;

namespace Orchestrator.Silo.Processes;

/// <summary>The other silos, by the membership that this one knows of: a database that is away makes no silo forget its neighbours.</summary>
internal sealed class ClusterPeers(IServiceProvider services, IClusterMembershipService membership, ILocalSiloDetails self)
    : GrainServiceClient<IPeerService>(services), IPeers
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<PeerRenewal>> AskAsync(CancellationToken cancellationToken)
    {
        var others = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active or SiloStatus.ShuttingDown && !member.SiloAddress.Equals(self.SiloAddress));
        var asked = others.Select(member => RenewalOfAsync(member.SiloAddress)).ToList();
        try
        {
            await Task.WhenAll(asked).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Those that came by now are the answer.
        }

        return [.. asked.Where(answer => answer.IsCompletedSuccessfully).Select(answer => answer.Result).OfType<PeerRenewal>()];
    }

    private async Task<PeerRenewal?> RenewalOfAsync(SiloAddress silo)
    {
        try
        {
            return await GetGrainService(silo).RenewalAsync();
        }
#pragma warning disable CA1031 // Who cannot be reached has not answered, whatever the reason.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
