using System.Text.Json;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>A session of OpenAI's Live API.</summary>
internal sealed class LiveDemo : CallDemo
{
    /// <inheritdoc/>
    public override string Name => "openai-live";

    /// <inheritdoc/>
    public override string Model => "sim-live";

    /// <inheritdoc/>
    protected override string Path => "/v1/live/sessions";

    /// <inheritdoc/>
    protected override HttpContent Write(string offer) =>
        JsonContent.Create(new { session = new { model = Model }, transport = new { type = "webrtc", sdp = offer } });

    /// <inheritdoc/>
    protected override string PlaceOf(HttpResponseMessage answer, string body) =>
        $"{Path}/{JsonElement.Parse(body).GetProperty("session").GetProperty("id").GetString()}";
}
