using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Processes;

/// <summary>A session that a process holds, and the epoch it holds it under.</summary>
public readonly record struct HeldSession(SessionId Session, int Epoch);

/// <summary>A session that the reaper finished for a process that was lost.</summary>
/// <param name="Session">The session.</param>
/// <param name="Tenant">Whose it was.</param>
/// <param name="Owner">The process that was lost.</param>
/// <param name="GeneratedMs">What its ledger was closed at, over all runs.</param>
public sealed record ReapedSession(SessionId Session, Guid Tenant, long Owner, long GeneratedMs);

/// <summary>The rows of processes, and what changes hands when one is lost.</summary>
public interface IProcessStore
{
    /// <summary>A new life of a process: its row, with a lease that holds from now.</summary>
    Task<long> RegisterAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// After <paramref name="former"/> was declared dead: registers a new life and takes back, under the next epoch, every
    /// session that nobody has taken yet. Those missing from the answer are somebody else's. Blocking: the flush thread calls it.
    /// </summary>
    (long Process, IReadOnlyList<HeldSession> Sessions) Reclaim(long former, string name);

    /// <summary>The process stops in good order: its lease ends now, and others need not wait for it.</summary>
    Task RetireAsync(long process, CancellationToken cancellationToken);

    /// <summary>Marks as dead every process whose lease has lapsed, the caller's excepted. Repeating it is harmless.</summary>
    /// <returns>Those newly dead.</returns>
    Task<IReadOnlyList<long>> DeclareDeadAsync(long caller, CancellationToken cancellationToken);

    /// <summary>
    /// Takes up to <paramref name="limit"/> sessions of dead processes under the next epoch, passing over those that somebody
    /// else is taking, closes their ledgers at the mark and records the one end of each; all of it in one transaction.
    /// </summary>
    Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller, int limit, CancellationToken cancellationToken);
}
