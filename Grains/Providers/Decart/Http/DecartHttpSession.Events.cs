using System.Net;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;

namespace Orchestrator.Grains.Providers.Decart.Http;

/// <content>What the provider tells by events, as frames.</content>
internal sealed partial class DecartHttpSession
{
    /// <summary>Reads until the session is over. A stream that breaks is opened again where it was; one that may not be, is over.</summary>
    private async Task FollowAsync(Uri address)
    {
        try
        {
            string? last = null;
            for (var failures = 0; failures < EventAttempts; failures++)
            {
                var (stream, status) = await requests.EventsAsync(address, last, _over.Token);
                if (status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                    break;
                if (stream is not null)
                {
                    using (stream)
                        last = await PassAsync(stream, last, () => failures = 0);
                }

                await Task.Delay(EventPause, time, _over.Token);
            }

            await CloseAsync(1000);
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
