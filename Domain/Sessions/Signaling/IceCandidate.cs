namespace Orchestrator.Domain.Sessions.Signaling;

/// <summary>One candidate as browsers make it.</summary>
/// <param name="Text">The attribute's value, such as <c>candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host</c>.</param>
/// <param name="Mid">Which medium of the offer it belongs to, by its <c>mid</c>.</param>
/// <param name="Line">The same by its position, from 0.</param>
/// <param name="Ufrag">The generation it belongs to.</param>
public sealed record IceCandidate(string Text, string? Mid = null, int? Line = null, string? Ufrag = null)
{
    /// <summary>The longest candidate that is looked at, in characters.</summary>
    public const int MaxLength = 1_024;

    /// <summary>The most candidates that are taken at once.</summary>
    public const int MaxAtOnce = 64;

    /// <summary>Whether it looks like one: the grammar is the peer's business, but nothing may begin another line.</summary>
    public static bool IsWellFormed(string text) => text.Length is > 0 and <= MaxLength
        && text.StartsWith("candidate:", StringComparison.Ordinal) && !text.Any(char.IsControl);
}
