using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers;

/// <summary>What the provider is dialled for.</summary>
/// <param name="Provider">Which provider.</param>
/// <param name="Model">The model asked for.</param>
/// <param name="Query">The client's other query parameters, its credentials already taken out.</param>
public sealed record UpstreamRequest(ProviderEntry Provider, string Model, IReadOnlyList<KeyValuePair<string, string>> Query);

/// <summary>A provider of the configuration, with its dialect.</summary>
public sealed record ProviderEntry(string Name, ProviderOptions Options, IDialect Dialect);

/// <summary>Opens sockets to providers.</summary>
public interface IUpstreamDialer
{
    /// <summary>Step 5. The open socket, or why there is none; throws only when cancelled.</summary>
    Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken);
}

/// <summary>An open socket, or why there is none.</summary>
public readonly record struct DialOutcome(WebSocket? Socket, CloseCode Refused, string? Detail);
