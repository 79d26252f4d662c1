using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAILive;
using Orchestrator.Tests.Scenarios.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAILive;

/// <summary>A world whose provider speaks the Live API beside its elder.</summary>
public class LiveWorld : OpenAIWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Providers:live:Endpoint"] = new Uri(Provider.WebSocketAddress, LiveTwin.Path).ToString(),
        ["Providers:live:ApiKey"] = Provider.ApiKey,
        ["Providers:live:Dialect"] = "openai-live",
        ["Providers:live:Models:0"] = "gpt-live*",
        ["Providers:live:Models:1"] = "test-live*",
    };

    /// <summary>Posts an offer with settings as they stand in the body.</summary>
    public async Task<HttpResponseMessage> OfferAsync(string credential, string? session, string offer = Offer, ChildGateway? gateway = null)
    {
        var transport = JsonSerializer.Serialize(new { type = "webrtc", sdp = offer });
        return await PostLiveAsync(credential, "", $$"""{"session":{{session ?? "null"}},"transport":{{transport}}}""", gateway);
    }

    /// <summary>Opens a session for that model, and takes the provider's side of it.</summary>
    public async Task<LiveCall> OpenLiveAsync(string credential, string model, ChildGateway? gateway = null)
    {
        using var answer = await OfferAsync(credential, $$"""{"model":"{{model}}"}""", gateway: gateway);
        return await TakeLiveAsync(answer, model);
    }

    /// <summary>The session that such an answer is of.</summary>
    public async Task<LiveCall> TakeLiveAsync(HttpResponseMessage answer, string model)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == 201, $"{(int)answer.StatusCode} {body}");
        var (session, transport) = (JsonElement.Parse(body).GetProperty("session"), JsonElement.Parse(body).GetProperty("transport"));
        Assert.Equal("webrtc", transport.GetProperty("type").GetString());
        Assert.StartsWith("v=0", transport.GetProperty("sdp").GetString(), StringComparison.Ordinal);
        var id = session.GetProperty("id").GetString()!;
        return new LiveCall(id, id["live_".Length..], Twin.Live.Sessions.Last(one => one.Model == model));
    }

    /// <summary>Tells a session something.</summary>
    public Task<HttpResponseMessage> TellLiveAsync(string key, string id, string verb, string? body = null, ChildGateway? gateway = null) =>
        PostLiveAsync(key, $"/{id}/{verb}", body, gateway);

    /// <summary>Joins a running session.</summary>
    public Task<StreamClient> AttachAsync(string key, string id, ChildGateway? gateway = null) => StreamClient.ConnectAsync(
        new Uri(new UriBuilder((gateway ?? Gateway).Address) { Scheme = "ws" }.Uri, $"/v1/live/sessions/{id}/attach"),
        reads: true, ("Authorization", $"Bearer {key}"), NewAddress());

    private async Task<HttpResponseMessage> PostLiveAsync(string key, string path, string? body, ChildGateway? gateway)
    {
        using var http = Rest(key, gateway);
        using var json = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return await http.PostAsync($"/v1/live/sessions{path}", json);
    }
}

/// <summary>A session as its client, its tenant and its provider name it.</summary>
public sealed record LiveCall(string Id, string Session, LiveSession Upstream);

/// <summary>The same, with clients that are linked to their relays.</summary>
public class LinkedLiveWorld : LiveWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}
