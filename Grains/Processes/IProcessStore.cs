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

/// <summary>The upstream of a session of a lost process.</summary>
public sealed record LostUpstream(SessionId Session, string Provider, string Upstream);

/// <summary>A call of a lost process that its provider has ended for us, and how long ago.</summary>
public readonly record struct HungUp(SessionId Session, TimeSpan Ago);

/// <summary>What is known of the calls of lost processes.</summary>
/// <param name="HungUp">Those that went on until they were hung up: their seconds count up to then.</param>
/// <param name="Unsettled">Those of which nothing is known yet: their sessions are not finished.</param>
public sealed record CallsOfLost(IReadOnlyList<HungUp> HungUp, IReadOnlyList<SessionId> Unsettled)
{
    /// <summary>There are none.</summary>
    public static CallsOfLost None { get; } = new([], []);
}

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
    /// else is taking, closes their ledgers at the mark and records the one end of each; all of it in one transaction. The mark
    /// of one whose call was hung up is first raised to that instant, but never beyond what was authorised.
    /// </summary>
    Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller, int limit, CallsOfLost calls, CancellationToken cancellationToken);

    /// <summary>The named upstreams, with any of these providers, of sessions of dead processes that nobody has finished.</summary>
    Task<IReadOnlyList<LostUpstream>> FindLostAsync(long caller, IReadOnlyList<string> providers, int limit, CancellationToken cancellationToken);
}
