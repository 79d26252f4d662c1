using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>
/// A client without a WebSocket: it posts its offer, sends its candidates with the answer's tag, changes the prompt, reads
/// events, and ends its session by name. Its provider speaks over HTTP too and counts nothing that anybody could hear.
/// </summary>
internal sealed class HttpDemo : IDemoDialect
{
    private const string Sdp =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtpmap:96 VP8/90000\r\n";

    private static readonly TimeSpan Use = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => "http";

    /// <inheritdoc/>
    public string Model => "http-demo";

    /// <inheritdoc/>
    public bool IsMeteredByGateway => true;

    /// <inheritdoc/>
    public async Task UseAsync(DemoVisit visit, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = visit.Gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", visit.Token);

        visit.Tell(DemoStep.Connect, $"The client posts its offer to {new Uri(visit.Gateway, "/v1/sessions")}, and a prompt to begin with.");
        visit.WaitsFor = "the answer to the client's offer";
        using var opened = await AskAsync(http, HttpMethod.Post, "/v1/sessions", new { model = Model, sdp = new { type = "offer", sdp = Sdp }, prompt = "paper cutout" }, null,
            cancellationToken);
        var location = opened.Headers.Location!.ToString();
        using var body = await JsonDocument.ParseAsync(await opened.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        var events = body.RootElement.GetProperty("events");
        visit.Tell(DemoStep.Relay, "The client has its answer in the response, and reads the provider's candidates as events.");

        visit.WaitsFor = "the provider's candidates";
        using var stream = new StreamReader(await http.GetStreamAsync(
            $"{location}/events?event_token={Uri.EscapeDataString(events.GetProperty("event_token").GetString()!)}", cancellationToken));
        await UntilAsync(stream, "candidate", cancellationToken);
        var candidate = new { candidate = "candidate:1 1 udp 2122260223 192.0.2.5 54321 typ host", sdpMid = "0", sdpMLineIndex = 0 };
        using var patched = await AskAsync(http, HttpMethod.Patch, location, new { candidates = new object?[] { candidate, null } }, opened.Headers.ETag!.Tag, cancellationToken);
        visit.WaitsFor = "the provider's word on a prompt";
        using var prompted = await AskAsync(http, HttpMethod.Post, $"{location}/prompt", new { prompt = "water colours" }, null, cancellationToken);
        visit.Tell(DemoStep.Relay, "The client's candidates are with the provider, and its new prompt was taken.");

        visit.Tell(DemoStep.Meter, "The provider has answered and counts nothing aloud: the gateway's own clock counts.");
        visit.WaitsFor = "five seconds of video";
        await Task.Delay(Use, visit.Time, cancellationToken);
        visit.Tell(DemoStep.End, "The client ends its session.");
        visit.WaitsFor = "the last event of the session";
        using var ended = await AskAsync(http, HttpMethod.Delete, location, null, null, cancellationToken);
        await UntilAsync(stream, "session.ended", cancellationToken);
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient http, HttpMethod method, string path, object? body, string? tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        try
        {
            var answer = await http.SendAsync(request, cancellationToken);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
                throw new DemoException($"The gateway refuses {method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
        catch (HttpRequestException exception)
        {
            throw new DemoException($"The gateway does not answer {method} {path}: {exception.Message}");
        }
    }

    private static async Task UntilAsync(StreamReader events, string name, CancellationToken cancellationToken)
    {
        while (await events.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == $"event: {name}")
                return;
        }

        throw new DemoException($"The events ended before '{name}' came.");
    }
}
