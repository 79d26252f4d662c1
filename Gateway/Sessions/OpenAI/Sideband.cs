using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// One further connection to a running session. It reads the session's ring at its own pace and the session never waits for it: who reads too slowly misses
/// events and is told so, and who does not read at all is cut.
/// <code>
///   ring ──ReadFramesAsync──▶ events of the provider ──▶ socket
///   socket ──▶ SteerAsync ──▶ the session's upstream
/// </code>
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer, and a wait may still look at it when the sideband is gone.")]
internal sealed class Sideband(
    WebSocket socket,
    CallSurface surface,
    SessionRow session,
    Guid keyId,
    ISessionGrain grain,
    SessionRegistry registry,
    ISessionQueries queries,
    Func<CloseCode?> whyGone,
    RelayOptions options,
    TimeProvider time)
{
    private const int PageBytes = 64 * 1024;
    private const int NoText = 1003;

    /// <summary>The largest event that is taken, in bytes: each is a message to the session's grain.</summary>
    private const int MaxEvent = 1024 * 1024;

    /// <summary>How soon a session in another process is looked at again.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    /// <summary>How long nothing is looked at while nothing happens; a key that is revoked meanwhile stays that long.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the books may take to tell why the session ended.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _over = new();

    /// <summary>Serves it to its end. Nothing is thrown for what the peer does.</summary>
    /// <param name="leaving">Done when this process gives nobody more time.</param>
    public async Task RunAsync(Task leaving)
    {
        Task<WireClose?> listening = ListenAsync(), telling = TellAsync();
        await Task.WhenAny(listening, telling, leaving);
        await _over.CancelAsync();
        // Between two events, so that the close frame is not written into one.
        var told = await telling;
        var close = listening.IsCompleted ? await listening : leaving.IsCompleted ? WireClose.For(CloseCode.ServerShutdown) : told;
        if (close is { } goodbye)
            await CloseAsync(goodbye, listening);
        socket.Abort();
    }

    /// <summary>Passes on what the provider said, from the first event that is kept. Answers why it stopped; null when the peer is gone.</summary>
    private async Task<WireClose?> TellAsync()
    {
        try
        {
            for (var next = 1L; !_over.IsCancellationRequested;)
            {
                if (whyGone() is { } gone)
                    return WireClose.For(gone);
                var page = await grain.ReadFramesAsync(next, PageBytes, CancellationToken.None);
                foreach (var frame in page.Frames)
                {
                    if (frame.Sequence > next)
                        await TellOfGapAsync(next, frame.Sequence);
                    next = frame.Sequence + 1;
                    await TellAsync(frame);
                }

                if (page.IsOver)
                    return await WhyOverAsync();
                if (page.Frames.Count == 0)
                    await WaitAsync(next);
            }
        }
        catch (Exception exception) when (IsGone(exception))
        {
            return null;
        }

        return null;
    }

    private Task TellAsync(ObservedFrame frame)
    {
        // What our call adapter says is between it and our HTTP surface.
        if (frame.From is not (ObservedFrom.Upstream or ObservedFrom.Us) || !frame.IsText || _over.IsCancellationRequested || OpenAIMessages.IsOurs(frame.Payload))
            return Task.CompletedTask;
        return frame.Payload.Length == frame.Length ? SendAsync(frame.Payload) : SendAsync(Missed(frame.Sequence, $"An event of {frame.Length} bytes is not kept."));
    }

    /// <summary>The provider opens every connection with the session; where that is forgotten, we do.</summary>
    private async Task TellOfGapAsync(long from, long to)
    {
        if (from == 1)
            await SendAsync(surface.Hello($"event_{to}_created", session));
        await SendAsync(Missed(to, $"Up to {to - from} events before this one are no longer kept."));
    }

    private static byte[] Missed(long sequence, string words) => OpenAIMessages.Error($"event_{sequence}_missed", "server_error", "events_missed", words, clientEvent: null);

    /// <summary>Passes on what the peer says. Answers what it did wrong; null when it left.</summary>
    private async Task<WireClose?> ListenAsync()
    {
        var buffer = new byte[4096];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType is WebSocketMessageType.Close)
                    return new PeerClose((int?)socket.CloseStatus, socket.CloseStatusDescription).Forwarded;
                if (message.Length + part.Count > MaxEvent)
                    return WireClose.For(CloseCode.MessageTooBig);
                await message.WriteAsync(buffer.AsMemory(0, part.Count));
                if (!part.EndOfMessage)
                    continue;
                if (part.MessageType is not WebSocketMessageType.Text)
                    return new WireClose(NoText, "Events are text");
                if (!await SteerAsync(message.ToArray()))
                    return WireClose.For(CloseCode.UpstreamStalled);
                message.SetLength(0);
            }
        }
        catch (Exception exception) when (IsGone(exception))
        {
            return null;
        }
    }

    /// <summary>Not read on meanwhile: whoever says more than the provider takes has to wait.</summary>
    private async Task<bool> SteerAsync(byte[] frame)
    {
        var since = time.GetTimestamp();
        while (!await grain.SteerAsync(new SteeringFrame(frame, keyId.ToString("N")), CancellationToken.None))
        {
            if (_over.IsCancellationRequested || time.GetElapsedTime(since) > options.StallTimeout)
                return false;
            await Task.Delay(Beat, time, _over.Token);
        }

        return true;
    }

    /// <summary>Sends one event. A peer that takes nothing for too long is gone for us.</summary>
    private async Task SendAsync(byte[] frame)
    {
        var sending = socket.SendAsync(frame.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        if (sending.IsCompletedSuccessfully)
            return;
        try
        {
            await sending.AsTask().WaitAsync(options.StallTimeout, time);
        }
        catch (TimeoutException exception)
        {
            socket.Abort();
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, exception);
        }
    }

    private async Task WaitAsync(long next)
    {
        if (!registry.TryGet(session.Id, out var relay))
        {
            await Task.Delay(Beat, time, _over.Token);
            return;
        }

        try
        {
            await relay.Ring.WhenMoreAsync(next).WaitAsync(LongestWait, time, _over.Token);
        }
        catch (TimeoutException)
        {
            // Whether it may stay is looked at again.
        }
    }

    private async Task<WireClose> WhyOverAsync()
    {
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < EndTimeout)
        {
            if (await queries.FindAsync(session.Tenant, session.Id, CancellationToken.None) is { CloseCode: { } code })
                return WireClose.For(code);
            await Task.Delay(Beat, time, _over.Token);
        }

        return WireClose.For(CloseCode.Completed);
    }

    private async Task CloseAsync(WireClose close, Task listening)
    {
        try
        {
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, CancellationToken.None).WaitAsync(options.CloseTimeout, time);
            await listening.WaitAsync(options.CloseTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException || IsGone(exception))
        {
            // It had its time.
        }
    }

    private static bool IsGone(Exception exception) =>
        exception is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;
}
