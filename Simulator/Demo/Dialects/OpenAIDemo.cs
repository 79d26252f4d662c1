using System.Net.Http.Headers;
using System.Text;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>A call of OpenAI's Realtime API.</summary>
internal sealed class OpenAIDemo : CallDemo
{
    /// <inheritdoc/>
    public override string Name => "openai";

    /// <inheritdoc/>
    public override string Model => "sim-voice";

    /// <inheritdoc/>
    protected override string Path => "/v1/realtime/calls";

    /// <inheritdoc/>
    protected override HttpContent Write(string offer) => new StringContent(offer, Encoding.UTF8, new MediaTypeHeaderValue("application/sdp"));

    /// <inheritdoc/>
    protected override string PlaceOf(HttpResponseMessage answer, string body) => $"{answer.Headers.Location}";
}
