using System.Net;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Providers;

/// <summary>What the provider is dialled for.</summary>
/// <param name="Provider">Which provider.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Query">The client's other query parameters, its credentials already taken out.</param>
/// <param name="Surface">How the client speaks to us, where that decides how we speak to the provider.</param>
public sealed record UpstreamRequest(
    ProviderEntry Provider, string Model, IReadOnlyList<KeyValuePair<string, string>> Query, ClientSurface Surface = ClientSurface.WebSocket)
{
    /// <summary>What the session begins with, where its dialect has such settings: a JSON object, or null. Its tenant's word, not its client's.</summary>
    public string? Settings { get; init; }

    /// <summary>Whose clock counts this session.</summary>
    public MeteredBy MeteredBy => Provider.Dialect.MeteredBy(Provider.Options.Version);
}

/// <summary>A provider of the configuration, with its dialect.</summary>
public sealed record ProviderEntry(string Name, ProviderOptions Options, IDialect Dialect)
{
    /// <summary>Its words for offers, candidates, prompts and images; null where it carries no SDP.</summary>
    public ISignaling? Signaling => Dialect.SignalingOf(Options.Version);
}

/// <summary>Opens sockets to providers.</summary>
public interface IUpstreamDialer
{
    /// <summary>Step 5. The open socket, or why there is none; throws only when cancelled.</summary>
    Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken);
}

/// <summary>
/// Opens what stands for a socket to providers of one dialect. Where the provider is spoken to over HTTP, it is one end of a
/// <see cref="FramePipe"/>, at whose other end the dialect turns frames into requests.
/// </summary>
public interface IDialectDialer : IUpstreamDialer
{
    /// <summary>The dialect's name.</summary>
    string Dialect { get; }
}

/// <summary>An open socket, or why there is none; the status is that of an HTTP answer that was no upgrade.</summary>
public readonly record struct DialOutcome(WebSocket? Socket, CloseCode Refused, string? Detail, HttpStatusCode Status = default);
