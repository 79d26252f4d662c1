using Orchestrator.Domain.Processes;

namespace Orchestrator.Grains.Processes;

/// <summary>The other processes, as far as they can be asked without the database.</summary>
public interface IPeers
{
    /// <summary>
    /// Asks every other process that can be reached for its <see cref="ProcessLease.Renewal"/>. Answers as soon as all have, or
    /// with those that came when the token is cancelled; who cannot be reached, or has no lease, is left out.
    /// </summary>
    Task<IReadOnlyList<PeerRenewal>> AskAsync(CancellationToken cancellationToken);
}

/// <summary>A process that knows nobody whom it could ask, as those are that share no more than a database.</summary>
public sealed class NoPeers : IPeers
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<PeerRenewal>> AskAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PeerRenewal>>([]);
}
