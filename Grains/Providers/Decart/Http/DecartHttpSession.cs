using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Providers.Decart.Http;

/// <summary>
/// One session with a provider of dialect C, as the far end of a pipe: frames of dialect A become requests, one after the other,
/// and what the provider answers and tells by events becomes frames. Whatever ends it, the provider's session is deleted.
/// <code>
///   relay ──frames──▶ read ──▶ queue ──▶ work ──▶ POST, PATCH
///   relay ◀──frames── answers, acknowledgements, events ◀── SSE
/// </code>
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "What it owns holds nothing that needs disposing, and events may still be on their way when the session is over.")]
internal sealed partial class DecartHttpSession(
    WebSocket pipe, UpstreamRequest request, DecartRequests requests, RelayOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>How many frames wait while the provider looks at one; who sends more waits too.</summary>
    private const int MaxWaiting = 32;

    private const int EventAttempts = 5;

    private static readonly TimeSpan EventPause = TimeSpan.FromMilliseconds(500);

    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(MaxWaiting);
    private readonly CancellationTokenSource _over = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly List<byte[]> _early = [];
    private byte[]? _firstPrompt;
    private byte[]? _firstImage;
    private Uri? _session;
    private string? _tag;
    private long _answeredAt;

    /// <summary>Runs until the relay has left or the provider's session is over. Throws nothing.</summary>
    public async Task RunAsync()
    {
        try
        {
            var work = WorkAsync();
            await ReadAsync();
            _waiting.Writer.TryComplete();
            await _over.CancelAsync();
            // An offer under way is waited for: what it opens has to be ended.
            await work;
        }
#pragma warning disable CA1031 // Nobody waits for this; what happens here must not leave the provider's session open.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, request.Provider.Name, exception.GetType().Name);
        }

        await DeleteAsync();
        pipe.Dispose();
    }

    private async Task ReadAsync()
    {
        using var frame = new MemoryStream();
        var piece = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var received = await pipe.ReceiveAsync(piece.AsMemory(), CancellationToken.None);
                if (received.MessageType is WebSocketMessageType.Close)
                    return;
                if (frame.Length + received.Count <= options.MaxMessageBytes)
                    frame.Write(piece.AsSpan(0, received.Count));
                if (!received.EndOfMessage)
                    continue;
                if (received.MessageType is WebSocketMessageType.Text)
                    await _waiting.Writer.WriteAsync(frame.ToArray(), _over.Token);
                frame.SetLength(0);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException or ChannelClosedException)
        {
            // The relay has cut the pipe, or we have closed it.
        }
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var frame in _waiting.Reader.ReadAllAsync(_over.Token))
            {
                var type = FrameReader.ReadText(frame, "type"u8);
                await (type switch
                {
                    "offer"         => OfferAsync(frame),
                    "ice-candidate" => TrickleAsync(frame),
                    "prompt"        => PromptAsync(frame),
                    "set_image"     => SetImageAsync(frame),
                    // B joins a room, which this dialect has none of; what nobody knows goes nowhere, as with the provider's socket.
                    "livekit_join"  => SayAsync(DecartMessages.Error("This model is offered media, and has no rooms.")),
                    _               => Task.CompletedTask,
                });
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // Over.
        }
    }

    private async Task OfferAsync(byte[] frame)
    {
        if (_session is not null)
        {
            await SayAsync(DecartMessages.Error("Media is offered once in a session of this model."));
            return;
        }

        // Not given up when the relay leaves: whether it opened a session is known by its answer alone.
        var answer = await requests.SendAsync(
            HttpMethod.Post, requests.Sessions, DecartBodies.Open(request.Model, frame, _firstPrompt, _firstImage), tag: null, CancellationToken.None);
        if (!answer.IsGood || DecartBodies.Opened(answer.Body) is not { } opened)
        {
            LogRefused(logger, request.Provider.Name, (int?)answer.Status ?? 0);
            await SayAsync(DecartMessages.Error(answer.Words));
            await CloseAsync((int?)answer.Status switch { 429 or 503 => 1013, >= 400 and < 500 => 1008, _ => 1011 });
            return;
        }

        _session = answer.Location ?? new Uri(requests.Sessions, $"{requests.Sessions.AbsolutePath.TrimEnd('/')}/{Uri.EscapeDataString(opened.SessionId)}");
        _tag = answer.Tag;
        await SayAsync(DecartBodies.Named(opened.SessionId));
        foreach (var server in opened.IceServers)
            await SayAsync(server);
        _answeredAt = time.GetTimestamp();
        await SayAsync(DecartMessages.Write("answer", writer => writer.WriteString("sdp", opened.Sdp)));
        if (opened.Events is { } events && Uri.TryCreate(requests.Sessions, events, out var address) && address.Scheme is "http" or "https")
            _ = FollowAsync(DecartBodies.WithToken(address, opened.EventToken));
        foreach (var candidate in _early)
            await TrickleAsync(candidate);
        _early.Clear();
    }

    private async Task TrickleAsync(byte[] frame)
    {
        if (_session is null)
        {
            // They have no place before the session has one; a client has only so many.
            if (_early.Count < MaxWaiting * 2)
                _early.Add(frame);
            return;
        }

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var answer = await requests.SendAsync(HttpMethod.Patch, _session, DecartBodies.Candidates(frame), _tag, _over.Token);
            // The tag changes with every answer; a refusal tells the one that counts.
            _tag = answer.Tag ?? _tag;
            if (answer.IsGood)
                return;
            if (answer is not { Status: System.Net.HttpStatusCode.PreconditionFailed, Tag: not null })
                break;
        }

        LogNotTrickled(logger, request.Provider.Name);
    }

    private async Task PromptAsync(byte[] frame)
    {
        var refused = _session is null ? null : await AskAsync("prompt", frame);
        if (_session is null)
            _firstPrompt = frame;
        await SayAsync(DecartBodies.PromptAck(frame, refused));
    }

    private async Task SetImageAsync(byte[] frame)
    {
        var refused = _session is null ? null : await AskAsync("image", frame);
        if (_session is null)
            _firstImage = frame;
        await SayAsync(DecartBodies.ImageAck(refused));
    }

    /// <summary>Why the provider does not take it, or null.</summary>
    private async Task<string?> AskAsync(string part, byte[] frame)
    {
        var answer = await requests.SendAsync(HttpMethod.Post, new Uri($"{_session!.AbsoluteUri.TrimEnd('/')}/{part}"), DecartBodies.WithoutType(frame), tag: null, _over.Token);
        return answer.IsGood ? null : answer.Words;
    }

    private async Task SayAsync(byte[] frame)
    {
        // The work and the events speak one at a time.
        await _sending.WaitAsync(_over.Token);
        try
        {
            await pipe.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, _over.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private Task CloseAsync(int code) => pipe.CloseOutputAsync((WebSocketCloseStatus)code, statusDescription: null, _over.Token);

    private async Task DeleteAsync()
    {
        if (_session is null)
            return;
        var answer = await requests.SendAsync(HttpMethod.Delete, _session, body: null, tag: null, CancellationToken.None);
        // The provider's goodbye, which the relay waits for: from here on it counts no more.
        if (answer.Status is { } status && (answer.IsGood || status is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Gone))
            await GoodbyeAsync();
        else
            LogNotEnded(logger, request.Provider.Name, (int?)answer.Status ?? 0);
    }

    private async Task GoodbyeAsync()
    {
        try
        {
            await pipe.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, CancellationToken.None);
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException)
        {
            // The relay did not wait for it.
        }
    }

    [LoggerMessage(1191, LogLevel.Warning, "Provider {Provider} opened no session: HTTP {Status}")]
    private static partial void LogRefused(ILogger logger, string provider, int status);

    [LoggerMessage(1192, LogLevel.Warning, "Provider {Provider} did not take a candidate")]
    private static partial void LogNotTrickled(ILogger logger, string provider);

    [LoggerMessage(1193, LogLevel.Error, "Provider {Provider} did not end a session: HTTP {Status}")]
    private static partial void LogNotEnded(ILogger logger, string provider, int status);

    [LoggerMessage(1194, LogLevel.Error, "A session with provider {Provider} broke: {Error}")]
    private static partial void LogFailed(ILogger logger, string provider, string error);
}
