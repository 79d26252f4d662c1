using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// One call, and what stands for its socket: turns the client's offer into a request, the provider's answer into a frame, and the events of our
/// sideband into frames from upstream. Whatever ends the session hangs the call up, since nothing else does.
/// <code>
///   relay ──offer──▶ POST calls ──201──▶ answer ──▶ relay
///   relay ◀────────── sideband ◀──────── events        the sideband may drop and be attached again; the call goes on
///   relay ──close──▶ POST hangup
/// </code>
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer; the call ends with the method that runs it.")]
internal sealed partial class OpenAICall(
    WebSocket relay, UpstreamRequest request, OpenAIApi api, UpstreamSockets sockets, RelayOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>How long the offer may take; who opens such a session has it at hand.</summary>
    private static readonly TimeSpan OfferTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long a call is hung up again and again that the provider does not confirm to be over.</summary>
    private static readonly TimeSpan HangUpTimeout = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _left = new();
    private readonly MessageQueue _toProvider = new(FramePipe.MaxUnread);

    private ProviderEntry Provider => request.Provider;

    /// <summary>From the offer to the end of the call. Nothing is thrown.</summary>
    public async Task RunAsync()
    {
        string? call = null;
        try
        {
            if (await MakeAsync() is not { } made)
                return;
            call = made.Call;
            await SayAsync(OpenAIMessages.Answer(made.Body, call!));
            var listening = ListenAsync();
            var end = await AttendAsync(call!);
            // Where the session ends first, it hears of the end of the call before it closes its books; else it hears of its own at once.
            if (!end.IsOver && _left.IsCancellationRequested)
                await HangUpAsync(call!);
            if (end.IsOver || _left.IsCancellationRequested)
                call = null;
            if (end.IsOver)
                await SayAsync(OpenAIMessages.Ended(made.Call!));
            await CloseAsync(end.Close);
            await listening.WaitAsync(options.CloseTimeout, time);
        }
#pragma warning disable CA1031 // Whatever happens here, the call must not go on without us.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!FrameLane.IsGone(exception) && exception is not TimeoutException)
                LogFailed(logger, exception, Provider.Name);
        }
        finally
        {
            await _left.CancelAsync();
            if (call is not null)
                await HangUpAsync(call);
            relay.Dispose();
        }
    }

    /// <summary>The call that the client's offer made; null when there is none, and the session has been told why.</summary>
    private async Task<OpenAIAnswer?> MakeAsync()
    {
        using var timeout = new CancellationTokenSource(OfferTimeout, time);
        if (await ReadAsync(OpenAIOffer.MaxBytes, timeout.Token) is not { } frame || OpenAIOffer.Read(frame.Span) is not { } offer)
        {
            await CloseAsync(WireClose.For(CloseCode.InvalidRequest));
            return null;
        }

        // Not given up when the session ends meanwhile: a call that was made and is not known cannot be hung up.
        var answer = await api.CreateCallAsync(Provider, offer.Over(request.Settings), request.Model, CancellationToken.None);
        if (answer is { IsTaken: true, Call: { } call })
        {
            if (answer.Body.Length > 0)
                return answer;
            // It was made all the same.
            await HangUpAsync(call);
        }

        LogRefused(logger, Provider.Name, (int)answer.Status);
        if (Complaint(answer) is { } complaint)
            await SayAsync(complaint);
        await CloseAsync(CloseFor(answer.Status));
        return null;
    }

    /// <summary>Why there is no call, as the close frame of a provider would say it.</summary>
    private static WireClose CloseFor(HttpStatusCode status) => status switch
    {
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable            => WireClose.For(CloseCode.UpstreamFull),
        _ when IsOfTheClient(status)                                                   => new WireClose(1007, CloseCode.InvalidRequest.Entry().Reason),
        >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError          => new WireClose(1008, CloseCode.ProviderRefused.Entry().Reason),
        _                                                                              => WireClose.For(CloseCode.UpstreamClosed),
    };

    /// <summary>What was wrong with the client's offer or settings, as the provider words it. Its words about our account are not the client's.</summary>
    private static byte[]? Complaint(OpenAIAnswer answer)
    {
        if (!IsOfTheClient(answer.Status))
            return null;
        try
        {
            using var body = JsonDocument.Parse(answer.Body);
            var error = body.RootElement.GetProperty("error");
            var code = error.TryGetProperty("code", out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
            var message = Printable.Of(error.GetProperty("message").GetString() ?? "", 256);
            return OpenAIMessages.Error("event_refused", "invalid_request_error", code is null ? "invalid_request" : Printable.Of(code, 64), message, clientEvent: null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return OpenAIMessages.Error(CloseCode.InvalidRequest);
        }
    }

    private static bool IsOfTheClient(HttpStatusCode status) =>
        status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity;

    /// <summary>Reads what the session sends; done when it has left.</summary>
    private async Task ListenAsync()
    {
        try
        {
            while (await ReadAsync(options.MaxMessageBytes, _left.Token) is { } frame)
                await _toProvider.AddAsync(new QueuedMessage(WebSocketMessageType.Text, frame, Close: null), _left.Token);
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            // It was cut, which is an end too.
        }
        finally
        {
            await _left.CancelAsync();
        }
    }

    /// <summary>The next whole message of the session; null when it has left, or sends more than is taken.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(int maxBytes, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[MessageBuffer.BaseBytes];
        while (true)
        {
            var part = await relay.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (part.MessageType is WebSocketMessageType.Close || message.Length + part.Count > maxBytes)
                return null;
            await message.WriteAsync(buffer.AsMemory(0, part.Count), cancellationToken);
            if (part.EndOfMessage)
                return message.ToArray();
        }
    }

    private ValueTask SayAsync(byte[] frame) => relay.SendAsync(frame.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, _left.Token);

    private Task CloseAsync(WireClose close) => relay.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, CancellationToken.None);

    /// <summary>Ends the call. Repeated until the provider confirms it: what goes on is generated for nobody and billed all the same.</summary>
    private async Task HangUpAsync(string call)
    {
        var since = time.GetTimestamp();
        for (var delay = TimeSpan.FromMilliseconds(250); ; delay = delay < TimeSpan.FromSeconds(8) ? 2 * delay : delay)
        {
            var answer = await api.TellAsync(Provider, call, "hangup", body: null, CancellationToken.None);
            // What it does not know is over.
            if (answer.IsTaken || answer.Status is HttpStatusCode.NotFound)
                break;
            if (time.GetElapsedTime(since) > HangUpTimeout)
            {
                LogNotHungUp(logger, Provider.Name, call, (int)answer.Status);
                break;
            }

            await Task.Delay(delay, time);
        }
    }

    [LoggerMessage(1173, LogLevel.Error, "The call of a session with provider {Provider} failed and is hung up")]
    private static partial void LogFailed(ILogger logger, Exception exception, string provider);

    [LoggerMessage(1174, LogLevel.Warning, "Provider {Provider} refused a call with HTTP {Status}")]
    private static partial void LogRefused(ILogger logger, string provider, int status);

    [LoggerMessage(1175, LogLevel.Error, "Provider {Provider} did not confirm that call {Call} is hung up, at last with HTTP {Status}; it may go on")]
    private static partial void LogNotHungUp(ILogger logger, string provider, string call, int status);
}
