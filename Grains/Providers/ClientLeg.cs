using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers;

/// <summary>The WebSocket of a dialect's clients.</summary>
/// <param name="Path">Where they connect, such as <c>/v1/stream</c>.</param>
public sealed record ClientLeg(string Path)
{
    /// <summary>How a client names its credential in its first frame; null where it comes with the request.</summary>
    public ICredentialFrame? Credential { get; init; }

    /// <summary>
    /// Whether a client may name no model, since its protocol knows none. What is meant then is the first model that a provider of
    /// the dialect lists by its full name.
    /// </summary>
    public bool ModelIsOptional { get; init; }
}

/// <summary>A dialect's first frame of a client, where that holds its credential. It is ours to read and goes no further.</summary>
public interface ICredentialFrame
{
    /// <summary>The credential; null when the frame is another one, or broken. Never throws.</summary>
    string? Read(ReadOnlySpan<byte> frame);

    /// <summary>How a client with a credential that is none, or is no good any more, is closed: the dialect has no frame for it.</summary>
    WireClose Refusal { get; }
}
