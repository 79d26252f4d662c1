using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Interfaces.Billing;

/// <summary>
/// The money of one tree of tenants, keyed by its root: who may open a session, how much a session may still generate, and what
/// its wallets owe for what it generated. Callers gather what they have and keep one call in flight; each call is one
/// commit, in which every wallet above a session is debited or none.
/// </summary>
[Grain]
public interface IBillingGrain
{
    /// <summary>
    /// Steps 3 and 4: claims sessions for <paramref name="process"/>, under the concurrency limits and the credit of their tree.
    /// Safe to repeat with the same ids. A refused session leaves no row and holds nothing.
    /// </summary>
    /// <returns>For each claim, in its order, how it went.</returns>
    Task<IReadOnlyList<Admission>> AdmitAsync(long process, IReadOnlyList<SessionClaim> claims, CancellationToken cancellationToken);

    /// <summary>
    /// Step 9: brings the ledger and the wallets up to the mark of sessions that are live, and extends the holds of those that
    /// want more. Safe to repeat: what is settled is not settled again, and a hold is asked for as a total.
    /// </summary>
    /// <returns>For each session, in its order, how it stands now.</returns>
    Task<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken);

    /// <summary>
    /// Step 9: charges what closed runs still owe, and releases the holds of sessions that are over, up to a bound. Whoever closed
    /// them need not be there any more.
    /// </summary>
    /// <returns>How many sessions it settled; fewer than the bound when nothing is left, or when what is left cannot be settled.</returns>
    Task<int> SettleClosedAsync(CancellationToken cancellationToken);
}

/// <summary>A session that wants its row.</summary>
public sealed record SessionClaim(SessionId Session, OpenSession Request);

/// <summary>How a claim went.</summary>
/// <param name="Refused">Why it was refused, or null. <see cref="CloseCode.StorageUnavailable"/> leaves open whether there is a row.</param>
/// <param name="Hold">What the session may generate for now; null when no wallet above it has an end.</param>
public sealed record Admission(CloseCode? Refused, HoldTerms? Hold);

/// <summary>What a session may generate without asking again.</summary>
/// <param name="AuthorisedMs">Milliseconds of its run.</param>
/// <param name="Blind">By how much it may go beyond while nobody can be asked; null for as long as that lasts.</param>
public sealed record HoldTerms(long AuthorisedMs, TimeSpan? Blind);

/// <summary>A live session that is to be settled.</summary>
/// <param name="Session">The session.</param>
/// <param name="Epoch">The epoch under which the caller holds it.</param>
/// <param name="Run">Its run that counts now, or 0 before the first.</param>
/// <param name="WantedMs">How much that run wants to be allowed in all; null to leave its hold as it is.</param>
/// <param name="BlindMs">By how much it has gone beyond what was authorised while nobody could be asked.</param>
/// <param name="TokensOnly">What its responses used is charged, and what closed runs owe; its open run and its hold stay as they are.</param>
public sealed record SettlementDue(SessionId Session, int Epoch, int Run, long? WantedMs, long BlindMs, bool TokensOnly = false);

/// <summary>What became of a settlement.</summary>
public enum SettlementStatus
{
    /// <summary>Settled, and held as far as the wallets reach.</summary>
    Settled,
    /// <summary>An earlier run of the session is not closed in the books yet; to be repeated in a moment.</summary>
    NotYet,
    /// <summary>The caller does not hold the session any more, or it is over.</summary>
    Gone,
    /// <summary>It alone could not be settled; its mark is durable and it is tried again later.</summary>
    Failed,
}

/// <summary>How a session stands after a settlement.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="LedgeredMs">Milliseconds of its open run in the ledger.</param>
/// <param name="Hold">What it may generate; null when no wallet above it has an end.</param>
/// <param name="IsSpent">A wallet above it has nothing left, or less than what is held of it.</param>
public sealed record Settlement(SettlementStatus Status, long LedgeredMs, HoldTerms? Hold, bool IsSpent = false);
