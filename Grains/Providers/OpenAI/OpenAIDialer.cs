using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// Opens the upstream as the client's surface asks: the provider's WebSocket for a client on one of ours, and for a client on HTTP a call, which
/// our adapter makes once it has the offer.
/// </summary>
public sealed class OpenAIDialer(UpstreamSockets sockets, OpenAICalls calls) : IDialectDialer
{
    /// <inheritdoc/>
    public string Dialect => OpenAIDialect.Family;

    /// <inheritdoc/>
    public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) => request.Surface switch
    {
        ClientSurface.Http => Task.FromResult(new DialOutcome(calls.Open(request), default, Detail: null)),
        _ => sockets.OpenAsync(
            request.Provider.Name, OpenAIAddresses.Session(request),
            options => options.SetRequestHeader("Authorization", "Bearer " + request.Provider.Options.ApiKey.Reveal()), cancellationToken),
    };
}
