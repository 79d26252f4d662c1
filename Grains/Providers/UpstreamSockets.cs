using System.Net;
using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers;

/// <summary>
/// Opens WebSockets to providers, whatever their dialect. One connection handler for all: a dial then costs its socket and
/// little else.
/// </summary>
public sealed partial class UpstreamSockets : IDisposable
{
    private readonly RelayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _invoker;

    /// <summary>Takes the bounds of a dial.</summary>
    public UpstreamSockets(IOptions<RelayOptions> options, TimeProvider time, ILogger<UpstreamSockets> logger)
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

    /// <summary>The open socket, or why there is none; throws only when cancelled.</summary>
    /// <param name="provider">The provider's name, for the log.</param>
    /// <param name="address">Where; it may hold our key and is never logged.</param>
    /// <param name="configure">Headers and subprotocols of the dialect.</param>
    /// <param name="cancellationToken">Gives the dial up.</param>
    /// <param name="expected">A refusal that is nothing to report, if there is one.</param>
    public async Task<DialOutcome> OpenAsync(
        string provider, Uri address, Action<ClientWebSocketOptions>? configure, CancellationToken cancellationToken, HttpStatusCode? expected = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = _options.KeepAliveInterval;
        socket.Options.KeepAliveTimeout = _options.KeepAliveTimeout;
        socket.Options.CollectHttpResponseDetails = true;
        configure?.Invoke(socket.Options);

        using var timeout = new CancellationTokenSource(_options.DialTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await socket.ConnectAsync(address, _invoker, either.Token);
            return new DialOutcome(socket, default, Detail: null);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or HttpRequestException)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            // The message of the exception may hold the address, and with it our key.
            if (status != expected)
                LogDialFailed(provider, (int)status, exception.GetType().Name);
            return new DialOutcome(Socket: null, Reason(status), status == default ? "no answer" : $"HTTP {(int)status}", status);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    private static CloseCode Reason(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => CloseCode.UpstreamFull,
        >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => CloseCode.ProviderRefused,
        _ => CloseCode.UpstreamUnavailable,
    };

    [LoggerMessage(1121, LogLevel.Warning, "Provider {Provider} could not be dialled: HTTP {Status}, {Error}")]
    private partial void LogDialFailed(string provider, int status, string error);
}
