namespace Orchestrator.Domain.Sessions.Link;

/// <summary>What one end of a link answers to a batch.</summary>
/// <param name="Next">The position of the first byte it has not got yet.</param>
/// <param name="Limit">A batch may begin before this position; later ones wait until it is raised.</param>
/// <param name="IsGone">There is no such link at this end, or no longer.</param>
public readonly record struct LinkAck(long Next, long Limit, bool IsGone = false)
{
    /// <summary>There is no such link here.</summary>
    public static LinkAck Gone { get; } = new(0, 0, IsGone: true);
}
