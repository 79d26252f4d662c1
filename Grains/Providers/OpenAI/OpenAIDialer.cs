using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Relay;

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
    public async Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        if (request.Surface is ClientSurface.Http)
            return new DialOutcome(calls.Open(request), default, Detail: null);
        var dial = await sockets.OpenAsync(
            request.Provider.Name, OpenAIAddresses.Session(request),
            options => options.SetRequestHeader("Authorization", "Bearer " + request.Provider.Options.ApiKey.Reveal()), cancellationToken);
        return dial.Socket is { } socket && OpenAISettings.Opening(request.Settings) is { } opening ? await BeginAsync(socket, opening, cancellationToken) : dial;
    }

    /// <summary>
    /// The provider is asked with our key and not with a secret of its own, so what was sealed in ours is the first that it is told, before anything
    /// that the client says.
    /// </summary>
    private static async Task<DialOutcome> BeginAsync(WebSocket socket, byte[] opening, CancellationToken cancellationToken)
    {
        try
        {
            await socket.SendAsync(opening.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            return new DialOutcome(socket, default, Detail: null);
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return new DialOutcome(null, CloseCode.UpstreamUnavailable, Detail: null);
        }
    }
}
