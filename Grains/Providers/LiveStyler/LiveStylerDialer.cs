using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>
/// Dials a provider that takes its credential in the first frame: sends ours, and gives the socket away once it was taken. The
/// <c>auth_success</c> that says so is the client's to read, as it came.
/// </summary>
public sealed partial class LiveStylerDialer(UpstreamSockets sockets, IOptions<RelayOptions> options, TimeProvider time, ILogger<LiveStylerDialer> logger)
    : IDialectDialer
{
    /// <inheritdoc/>
    public string Dialect => LiveStylerDialect.Family;

    /// <inheritdoc/>
    public async Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var outcome = await sockets.OpenAsync(request.Provider.Name, Address(request), configure: null, cancellationToken);
        if (outcome.Socket is not { } socket)
            return outcome;

        using var timeout = new CancellationTokenSource(options.Value.DialTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await socket.SendAsync(LiveStylerMessages.Credential(request.Provider.Options.ApiKey.Reveal()), WebSocketMessageType.Text, endOfMessage: true, either.Token);
            var greeting = new ProviderGreeting();
            if (await greeting.ReadAsync(socket, either.Token))
                return new DialOutcome(new GreetedSocket(socket, greeting), default, Detail: null);
            return Refuse(socket, request, CloseCode.ProviderRefused, "closed before auth_success");
        }
        catch (WebSocketException)
        {
            // A credential that it does not take ends the connection without a word, and a line that breaks looks the same.
            return Refuse(socket, request, CloseCode.ProviderRefused, "lost before auth_success");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Refuse(socket, request, CloseCode.UpstreamUnavailable, "no auth_success in time");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The provider's address as the entry has it, and what else the client asked for. No part of it is secret.</summary>
    internal static Uri Address(UpstreamRequest request)
    {
        var endpoint = request.Provider.Options.Endpoint!;
        var query = new StringBuilder(endpoint.Query.TrimStart('?'));
        foreach (var (name, value) in request.Query)
            query.Append(query.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        return new UriBuilder(endpoint) { Query = query.ToString() }.Uri;
    }

    private DialOutcome Refuse(WebSocket socket, UpstreamRequest request, CloseCode code, string detail)
    {
        socket.Abort();
        socket.Dispose();
        LogNotGreeted(request.Provider.Name, detail);
        return new DialOutcome(Socket: null, code, detail);
    }

    [LoggerMessage(1122, LogLevel.Warning, "Provider {Provider} did not take our credential: {Detail}")]
    private partial void LogNotGreeted(string provider, string detail);
}
