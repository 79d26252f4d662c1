using System.Net;
using System.Net.Http.Headers;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>A call as a browser makes it: an offer by HTTP, an answer, and media that goes past the gateway.</summary>
internal abstract class CallDemo : IDemoDialect
{
    private const int Seconds = 5;

    /// <summary>One audio track; nothing listens to it. The last line tells the simulator when its client hangs up, as its own media would.</summary>
    private static readonly string Offer =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n"
        + $"a=x-simulator-lasts:{Seconds}\r\n";

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Model { get; }

    /// <inheritdoc/>
    public bool IsMeteredByGateway => true;

    /// <summary>Where offers are posted.</summary>
    protected abstract string Path { get; }

    /// <summary>The body of such a request.</summary>
    protected abstract HttpContent Write(string offer);

    /// <summary>Where the call is, as its answer tells.</summary>
    protected abstract string PlaceOf(HttpResponseMessage answer, string body);

    /// <inheritdoc/>
    public async Task UseAsync(DemoVisit visit, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = visit.Gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", visit.Token);
        visit.Tell(DemoStep.Connect, $"The client posts its offer to {new Uri(visit.Gateway, Path)}.");
        visit.WaitsFor = "the answer to the client's offer";
        using var offer = Write(Offer);
        using var answer = await PostAsync(http, offer, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Created)
            throw new DemoException($"The gateway did not take the offer: {(int)answer.StatusCode} {body}");

        visit.Tell(DemoStep.Relay, $"The client has an answer, and its call is at {PlaceOf(answer, body)}. Its media goes past the gateway.");
        for (var second = 1; second <= Seconds; second++)
        {
            visit.WaitsFor = $"second {second} of the call";
            await Task.Delay(TimeSpan.FromSeconds(1), visit.Time, cancellationToken);
            visit.Tell(DemoStep.Meter, $"The client has talked for {second} s.");
        }

        visit.Tell(DemoStep.End, "The client hangs up; the provider notices, and closes the gateway's sideband.");
    }

    private async Task<HttpResponseMessage> PostAsync(HttpClient http, HttpContent offer, CancellationToken cancellationToken)
    {
        try
        {
            return await http.PostAsync(Path, offer, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new DemoException($"The gateway does not answer: {exception.Message}");
        }
    }
}
