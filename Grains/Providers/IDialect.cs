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
}
