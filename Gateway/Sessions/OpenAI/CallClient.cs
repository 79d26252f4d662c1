using System.Net.WebSockets;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>What a client was told when it asked for a call: an SDP, or why there is none.</summary>
internal sealed record CallAnswer(string? Sdp, OpenAIError? Refused);

/// <summary>
/// What stands for the socket of a client that posts an offer, from that offer to the end of its session: it hears the answer, and keeps nothing of what
/// comes after. Who wants to hear more opens a sideband.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class CallClient(TimeProvider time)
{
    /// <summary>The largest frame that is looked at while the answer is awaited.</summary>
    private const int MaxFrame = 256 * 1024;

    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly (WebSocket Relay, WebSocket Client) _pipe = FramePipe.Create();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseCode> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OpenAIError? _complaint;
    private bool _isDeclined;

    /// <summary>The session, once it has begun.</summary>
    public SessionId Session { get; private set; }

    /// <summary>The relay's end, for the session of that id.</summary>
    public Task<WebSocket> OpenAsync(SessionId session)
    {
        Session = session;
        _opened.TrySetResult();
        return Task.FromResult(_pipe.Relay);
    }

    /// <summary>The session was not admitted, or is over, for that reason. Only the first counts.</summary>
    public void Over(CloseCode why) => _over.TrySetResult(why);

    /// <summary>Sends the offer and waits for what comes of it. Null when that took too long.</summary>
    /// <param name="offer">The frame.</param>
    /// <param name="serving">Ends with the session, or when it was not even tried.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<CallAnswer?> AskAsync(byte[] offer, Task serving, CancellationToken cancellationToken)
    {
        try
        {
            if (await Task.WhenAny(_opened.Task, serving).WaitAsync(cancellationToken) != _opened.Task)
                return new CallAnswer(null, OpenAIError.Of(CloseCode.InternalError));
            await _pipe.Client.SendAsync(offer.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            using var frame = new MemoryStream();
            while (await ReceiveAsync(frame, cancellationToken))
            {
                if (Read(frame.GetBuffer().AsSpan(0, (int)frame.Length)) is { } sdp)
                    return new CallAnswer(sdp, null);
                // The session waits for another offer, and there is none.
                if (_isDeclined)
                    return new CallAnswer(null, _complaint);
            }

            await LeaveAsync();
            await Task.WhenAny(_over.Task, serving).WaitAsync(cancellationToken);
            return new CallAnswer(null, WhyOver());
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException)
        {
            return new CallAnswer(null, WhyOver());
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Hears the rest without keeping it, until the session is over.</summary>
    public async Task StayAsync()
    {
        var scrap = new byte[4096];
        try
        {
            while ((await _pipe.Client.ReceiveAsync(scrap.AsMemory(), CancellationToken.None)).MessageType is not WebSocketMessageType.Close)
                continue;
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException)
        {
            // Cut: over as well.
        }

        await LeaveAsync();
    }

    /// <summary>Leaves in good order, which ends a session that still lives. Safe to repeat.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(GoodbyeTimeout, time);
            await _pipe.Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, timeout.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is over already.
        }
    }

    /// <summary>Reads a message, as far as it is not too long to be the answer; false when the session has closed.</summary>
    private async Task<bool> ReceiveAsync(MemoryStream frame, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        frame.SetLength(0);
        while (true)
        {
            var part = await _pipe.Client.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (part.MessageType is WebSocketMessageType.Close)
                return false;
            if (frame.Length + part.Count <= MaxFrame)
                await frame.WriteAsync(buffer.AsMemory(0, part.Count), cancellationToken);
            if (part.EndOfMessage)
                return true;
        }
    }

    /// <summary>The answer's SDP. An error is kept: the close that follows it says less.</summary>
    private string? Read(ReadOnlySpan<byte> frame)
    {
        try
        {
            var reader = new Utf8JsonReader(frame);
            using var json = JsonDocument.ParseValue(ref reader);
            switch (json.RootElement.GetProperty("type").GetString())
            {
                case "answer":
                    return json.RootElement.GetProperty("sdp").GetString();
                case "error" when json.RootElement.GetProperty("error") is var error:
                    _complaint = OpenAIError.Invalid(error.GetProperty("code").GetString() ?? "invalid_request", error.GetProperty("message").GetString() ?? "");
                    _isDeclined = json.RootElement.TryGetProperty("event_id", out var id) && id.ValueKind is JsonValueKind.String && id.ValueEquals(OpenAIMessages.DeclinedId);
                    break;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Not what is awaited.
        }

        return null;
    }

    /// <summary>As the session's door told it; where it could not, since the session's process is lost, as the number of the close frame does.</summary>
    private OpenAIError WhyOver() => _over.Task.IsCompletedSuccessfully ? ErrorOf(_over.Task.Result) : (int?)_pipe.Client.CloseStatus switch
    {
        1007     => _complaint ?? OpenAIError.Of(CloseCode.InvalidRequest),
        1008     => OpenAIError.Of(CloseCode.ProviderRefused),
        1013     => OpenAIError.Of(CloseCode.UpstreamFull),
        var wire => OpenAIError.Of(CloseCodes.OfWire(wire, reason: null) ?? CloseCode.UpstreamClosed),
    };

    /// <summary>What the client itself did wrong ends its session by the provider's close, whose words tell more.</summary>
    private OpenAIError ErrorOf(CloseCode code) => code is CloseCode.UpstreamClosed && _complaint is { } complaint ? complaint : OpenAIError.Of(code);
}
