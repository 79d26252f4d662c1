namespace Orchestrator.Domain.Sessions.Link;

/// <summary>How much a link holds in one direction.</summary>
public static class LinkBounds
{
    /// <summary>The most bytes in one batch, heads of frames included: what gathers while another is under way, and that other.</summary>
    public const int BatchBytes = 64 * 1024;

    /// <summary>How much may lie unread before the sender has to wait. Two batches, so that one is read while the next travels.</summary>
    public const int WindowBytes = 2 * BatchBytes;

    /// <summary>What a receiver is granted when the process has no memory to spare: one batch at a time, so that none stands still for good.</summary>
    public const int LeastBytes = 1;

    /// <summary>The most that lies unread: the last batch of a window may begin one byte before its end.</summary>
    public const int UnreadBytes = WindowBytes + BatchBytes - 1;
}
