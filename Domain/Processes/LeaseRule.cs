namespace Orchestrator.Domain.Processes;

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
}
