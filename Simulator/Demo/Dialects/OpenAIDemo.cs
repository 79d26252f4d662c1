using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>OpenAI's Realtime API as a browser uses it: an offer by HTTP, an answer, and media that goes past the gateway.</summary>
internal sealed class OpenAIDemo : IDemoDialect
{
    private const int Seconds = 5;

    /// <summary>One audio track; nothing listens to it. The last line tells the simulator when its client hangs up, as its own media would.</summary>
    private static readonly string Offer =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n"
        + $"a=x-simulator-lasts:{Seconds}\r\n";

    /// <inheritdoc/>
    public string Name => "openai";

    /// <inheritdoc/>
    public string Model => "sim-voice";

    /// <inheritdoc/>
    public bool IsMeteredByGateway => true;

    /// <inheritdoc/>
    public async Task UseAsync(DemoVisit visit, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = visit.Gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", visit.Token);
        visit.Tell(DemoStep.Connect, $"The client posts its offer to {new Uri(visit.Gateway, "/v1/realtime/calls")}.");
        visit.WaitsFor = "the answer to the client's offer";
        using var offer = new StringContent(Offer, Encoding.UTF8, new MediaTypeHeaderValue("application/sdp"));
        using var answer = await PostAsync(http, offer, cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Created)
            throw new DemoException($"The gateway did not take the offer: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");

        visit.Tell(DemoStep.Relay, $"The client has an answer, and its call is at {answer.Headers.Location}. Its media goes past the gateway.");
        for (var second = 1; second <= Seconds; second++)
        {
            visit.WaitsFor = $"second {second} of the call";
            await Task.Delay(TimeSpan.FromSeconds(1), visit.Time, cancellationToken);
            visit.Tell(DemoStep.Meter, $"The client has talked for {second} s.");
        }

        visit.Tell(DemoStep.End, "The client hangs up; the provider notices, and closes the gateway's sideband.");
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, HttpContent offer, CancellationToken cancellationToken)
    {
        try
        {
            return await http.PostAsync("/v1/realtime/calls", offer, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new DemoException($"The gateway does not answer: {exception.Message}");
        }
    }
}
