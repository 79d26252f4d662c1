namespace Orchestrator.Domain.Processes;

/// <summary>What another process says of its own lease when it is asked.</summary>
/// <param name="Since">How long ago the start of its last good renewal was.</param>
/// <param name="AnsweringFor">For how long the database has answered it without a break; null when its last answer was none.</param>
public sealed record PeerRenewal(TimeSpan Since, TimeSpan? AnsweringFor);

/// <summary>
/// The lease of a process: its one row, renewed by every mark flush. The sessions of a process whose lease has lapsed are
/// finished by another one; these rules keep that from happening to a process that is merely as cut off as everybody else.
/// </summary>
public static class LeaseRule
{
    /// <summary>How long a renewal holds, by the database's clock.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);

    /// <summary>
    /// Whether this process may declare others dead: only when the database has answered it without a break for one whole
    /// lease. After an outage everybody gets that long to renew first.
    /// </summary>
    /// <param name="answeringFor">Since when the database has answered without a break; null when its last answer was none.</param>
    public static bool MayDeclareDead(TimeSpan? answeringFor) => answeringFor >= Duration;

    /// <summary>
    /// How long after the start of its last good renewal a process keeps its sessions when others go on renewing: so much less
    /// than the lease that they are over before anybody may take them.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A renewal that began longer ago than this says nothing of whether the database answers now: that takes a few flushes.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// Whether this process is cut off from a database that answers others, and must end its sessions before they are taken
    /// from it. While the database is away for everybody nobody is declared dead, and after it came back nobody is for one whole
    /// lease: so it takes a peer that renews now, and has for nearly as long as it takes to declare somebody dead. Without the
    /// first, the last to be answered before an outage would end the sessions of all others; without the second, the first to be
    /// answered after one.
    /// </summary>
    /// <param name="since">How long ago the start of this process's last good renewal was, by the monotonic clock.</param>
    /// <param name="peers">What those who could be asked said; empty when nobody answered.</param>
    public static bool MustLetGo(TimeSpan since, IEnumerable<PeerRenewal> peers) =>
        since >= Patience && peers.Any(peer => peer.Since <= Fresh && peer.AnsweringFor >= Patience);
}
