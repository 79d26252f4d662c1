using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Grains.Sessions;

/// <summary>Where sessions are claimed and admitted.</summary>
public interface ISessionClaimStore
{
    /// <summary>
    /// Steps 3 and 4 in one transaction: inserts the rows of those sessions that the concurrency limits and the wallets of their
    /// tree let in, owned by <paramref name="process"/> under epoch 1, with their first hold and their first timeline event. Safe
    /// to repeat with the same ids. A refused session leaves no row and holds nothing.
    /// </summary>
    Task<IReadOnlyList<Admission>> AdmitAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken);

    /// <summary>Whether the failure lies in what a claim says, so that it may be one claim's alone.</summary>
    bool IsPermanent(Exception exception);
}
