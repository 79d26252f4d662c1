using System.Net;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;

namespace Orchestrator.Grains.Providers.Decart.Http;

/// <content>What the provider tells by events, as frames.</content>
internal sealed partial class DecartHttpSession
{
    private byte[]? _lastError;

    /// <summary>
    /// Reads until the session is over, which it is once its events are not there any more. A stream that breaks is opened again where it
    /// was; one that cannot be opened leaves us not knowing, and that is a loss and no end.
    /// </summary>
    private async Task FollowAsync(Uri address)
    {
        try
        {
            var (isOver, last) = (false, (string?)null);
            for (var failures = 0; failures < EventAttempts; failures++)
            {
                var since = time.GetTimestamp();
                var (stream, status) = await requests.EventsAsync(address, last, _over.Token);
                isOver = status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
                if (isOver || status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                    break;
                if (stream is not null)
                {
                    using (stream)
                        last = await PassAsync(stream, last, () => failures = 0);
                }

                // One that lasted is asked for again at once: while nobody knows that the session is over, our clock counts.
                if (EventPause - time.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
                    await Task.Delay(left, time, _over.Token);
            }

            if (isOver && _lastError is { } error)
                await SayAsync(DecartMessages.GenerationEnded((long)time.GetElapsedTime(_answeredAt).TotalMilliseconds, DecartBodies.EndReason(error)));
            await CloseAsync(isOver ? 1000 : 1011);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // We have left.
        }
    }

    /// <summary>Passes a stream's events on until it ends; answers the id of the last.</summary>
    private async Task<string?> PassAsync(HttpResponseMessage stream, string? last, Action heard)
    {
        try
        {
            await using var body = await stream.Content.ReadAsStreamAsync(_over.Token);
            var events = SseParser.Create(body, (_, data) => data.ToArray());
            await foreach (var item in events.EnumerateAsync(_over.Token))
            {
                heard();
                last = item.EventId ?? last;
                // What was said last before the end is why it ended: this dialect tells it in no other way.
                _lastError = item.EventType is "error" ? item.Data : null;
                if (DecartBodies.Frame(item.EventType, item.Data) is { } frame)
                    await SayAsync(frame);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // It broke; it is opened again.
        }

        return last;
    }
}
