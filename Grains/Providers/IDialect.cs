using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers;

/// <summary>
/// One family of wire protocols: how its frames are read, and how its clients are told things. Stateless; a frame is read
/// in place and never copied.
/// </summary>
public interface IDialect
{
    /// <summary>Its name in configuration and on the session, such as <c>decart</c>.</summary>
    string Name { get; }

    /// <summary>Where its clients connect with a WebSocket; null for a dialect whose clients all come over HTTP.</summary>
    ClientLeg? Leg { get; }

    /// <summary>The dialect's words for offers, candidates, prompts and images; null where it carries no SDP.</summary>
    ISignaling? Signaling { get; }

    /// <summary>The same for a provider that speaks this version; null for the dialect's usual one.</summary>
    ISignaling? SignalingOf(string? version) => Signaling;

    /// <summary>The versions that a provider's entry may name; null where any goes.</summary>
    IReadOnlyList<string>? Versions => null;

    /// <summary>Whose clock counts the generated seconds of a provider that speaks this version.</summary>
    /// <param name="version">As the provider's entry has it; null for the dialect's usual one.</param>
    MeteredBy MeteredBy(string? version);

    /// <summary>What a text frame from the provider means. Never throws, whatever the bytes are.</summary>
    FrameSignal ReadUpstream(ReadOnlySpan<byte> frame);

    /// <summary>What a text frame from the client means. Never throws.</summary>
    FrameSignal ReadClient(ReadOnlySpan<byte> frame);

    /// <summary>Which version of the family the client speaks, as its first frame shows; null while that is open.</summary>
    string? Version(ReadOnlySpan<byte> firstFrame);

    /// <summary>The text frames that tell a client why it is refused, before its socket is closed.</summary>
    IReadOnlyList<byte[]> Refusal(CloseCode code);

    /// <summary>The text frames that tell a client why we end its session, before its socket is closed.</summary>
    /// <param name="code">Why.</param>
    /// <param name="generatedMs">The mark of the generation that is open now; null when none is.</param>
    IReadOnlyList<byte[]> Farewell(CloseCode code, long? generatedMs);

    /// <summary>
    /// What the provider would answer to a frame of the client that it does not take: its error in the dialect's own form, with
    /// the frame's own text or id where clients match on it. The session goes on.
    /// </summary>
    /// <param name="frame">The client's text frame, as it came.</param>
    /// <param name="reason">Why, in words for the end user.</param>
    IReadOnlyList<byte[]> Decline(ReadOnlySpan<byte> frame, string reason);

    /// <summary>
    /// A frame of the provider that tells the client where to go for its media, with that host in the place of the provider's and every
    /// byte around it as it was; null for every other frame, and for a dialect that has none.
    /// </summary>
    /// <param name="frame">A frame that reads as an <see cref="SignalKind.Answer"/>.</param>
    /// <param name="host">The tenant's own media host, with a port if it has one.</param>
    byte[]? Rehost(ReadOnlySpan<byte> frame, string host) => null;
}
