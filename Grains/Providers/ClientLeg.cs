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

    /// <summary>The subprotocol that is selected where a client offers it; a browser that offered some takes no other answer.</summary>
    public string? Subprotocol { get; init; }

    /// <summary>What an offered subprotocol begins with that carries the client's credential.</summary>
    public string? CredentialSubprotocol { get; init; }

    /// <summary>The query parameter that asks for a further connection to a running session and not for a session.</summary>
    public string? SidebandParameter { get; init; }

    /// <summary>The credential among the subprotocols that a client offers, or null.</summary>
    public string? CredentialIn(IEnumerable<string> offered) => CredentialSubprotocol is null
        ? null
        : offered.FirstOrDefault(one => one.StartsWith(CredentialSubprotocol, StringComparison.Ordinal))?[CredentialSubprotocol.Length..];

    /// <summary>The subprotocol to select among those that a client offers, or null.</summary>
    public string? Select(IEnumerable<string> offered) => Subprotocol is { } mine && offered.Contains(mine, StringComparer.Ordinal) ? mine : null;
}

/// <summary>A dialect's first frame of a client, where that holds its credential. It is ours to read and goes no further.</summary>
public interface ICredentialFrame
{
    /// <summary>The credential; null when the frame is another one, or broken. Never throws.</summary>
    string? Read(ReadOnlySpan<byte> frame);

    /// <summary>How a client with a credential that is none, or is no good any more, is closed: the dialect has no frame for it.</summary>
    WireClose Refusal { get; }
}
