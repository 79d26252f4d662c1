using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers;

/// <summary>
/// Dials providers whose credential travels in the query, with our own key in place of the client's. One connection handler
/// for all: a dial then costs its socket and little else.
/// </summary>
public sealed partial class WebSocketDialer : IUpstreamDialer, IDisposable
{
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _invoker;

    /// <summary>Takes the bounds of a dial.</summary>
    public WebSocketDialer(IOptions<RelayOptions> options, TimeProvider time, ILogger<WebSocketDialer> logger)
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectTimeout = _options.DialTimeout,
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            // A trace of ours names our tenants; it is not the provider's to see.
            ActivityHeadersPropagator = null,
        });
    }

    /// <inheritdoc/>
    public async Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = _options.KeepAliveInterval;
        socket.Options.KeepAliveTimeout = _options.KeepAliveTimeout;
        socket.Options.CollectHttpResponseDetails = true;

        using var timeout = new CancellationTokenSource(_options.DialTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await socket.ConnectAsync(Address(request), _invoker, either.Token);
            return new DialOutcome(socket, default, Detail: null);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or HttpRequestException)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            // The message of the exception may hold the address, and with it our key.
            LogDialFailed(request.Provider.Name, (int)status, exception.GetType().Name);
            return new DialOutcome(Socket: null, Reason(status), status == default ? "no answer" : $"HTTP {(int)status}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>The provider's address with our key, the model, and what else the client asked for.</summary>
    internal static Uri Address(UpstreamRequest request)
    {
        var query = new StringBuilder();
        Append("api_key", request.Provider.Options.ApiKey.Reveal());
        Append("model", request.Model);
        foreach (var (name, value) in request.Query)
            Append(name, value);
        return new UriBuilder(request.Provider.Options.Endpoint!) { Query = query.ToString() }.Uri;

        void Append(string name, string value) =>
            query.Append(query.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
    }

    private static CloseCode Reason(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => CloseCode.UpstreamFull,
        >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => CloseCode.ProviderRefused,
        _ => CloseCode.UpstreamUnavailable,
    };

    [LoggerMessage(1121, LogLevel.Warning, "Provider {Provider} could not be dialled: HTTP {Status}, {Error}")]
    private partial void LogDialFailed(string provider, int status, string error);
}
