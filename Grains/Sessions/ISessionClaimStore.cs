using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Sessions;

/// <summary>A session that wants its row.</summary>
public sealed record SessionClaim(SessionId Session, OpenSession Request);

/// <summary>Where sessions are claimed and admitted.</summary>
public interface ISessionClaimStore
{
    /// <summary>
    /// Steps 3 and 4 in one transaction: inserts the rows of those sessions that the concurrency limits of their trees let in,
    /// owned by <paramref name="process"/> under epoch 1, together with their first timeline event. Safe to repeat with the
    /// same ids. A refused session leaves no row.
    /// </summary>
    /// <returns>For each claim why it was refused, or null.</returns>
    Task<IReadOnlyList<CloseCode?>> ClaimAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken);
}
