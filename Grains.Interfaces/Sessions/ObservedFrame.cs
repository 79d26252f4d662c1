using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>Who said it.</summary>
public enum ObservedFrom
{
    /// <summary>The end user's client.</summary>
    Client,
    /// <summary>The provider.</summary>
    Upstream,
    /// <summary>We, to the client.</summary>
    Us,
    /// <summary>The tenant's server, to the provider.</summary>
    Server,
    /// <summary>Nobody: something happened to the session.</summary>
    Lifecycle,
}

/// <summary>One thing that was said on a session, or happened to it.</summary>
/// <param name="Sequence">Its number, from 1, without gaps among all that was recorded.</param>
/// <param name="At">When.</param>
/// <param name="From">Who said it.</param>
/// <param name="IsText">Whether it was a text frame.</param>
/// <param name="Length">How long it was, in bytes.</param>
/// <param name="Payload">The frame as it passed; empty where it was too long to be kept.</param>
[SuppressMessage("Performance", "CA1819", Justification = "A frame's bytes; nobody writes to them.")]
public sealed record ObservedFrame(long Sequence, DateTimeOffset At, ObservedFrom From, bool IsText, int Length, byte[] Payload)
{
    /// <summary>Of a text that was too long to be kept: its type, as it stands in the frame, where that is near its beginning.</summary>
    public string? Type { get; init; }
}

/// <summary>What was recorded of a session from a number on.</summary>
/// <param name="Found">Whether the session's relay is in the process that was asked; nothing else is known when it is not.</param>
/// <param name="Frames">In order. The first may have a higher number than was asked for: what lies between is lost.</param>
/// <param name="Next">The number to ask for next.</param>
/// <param name="IsOver">Whether the session has ended, so that nothing comes after <paramref name="Next"/>.</param>
public sealed record ObservedPage(bool Found, IReadOnlyList<ObservedFrame> Frames, long Next, bool IsOver)
{
    /// <summary>There is no relay here.</summary>
    public static ObservedPage Gone { get; } = new(Found: false, [], Next: 0, IsOver: true);
}
