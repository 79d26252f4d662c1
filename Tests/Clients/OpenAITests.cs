using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Clients;

/// <summary>openai 7.55.0: its REST calls and its WebSocket over TLS in Node, its WebRTC helper and its WebSocket in Chromium.</summary>
[Trait("Category", "Slow")]
[Trait("Needs", "RealClients")]
public sealed class OpenAITests(ClientWorld world, ITestOutputHelper output) : IClassFixture<ClientWorld>
{
    private const string Model = "gpt-realtime";

    private string Base => new Uri(world.Gateway.Address, "/v1").ToString();

    private OpenAITwin Twin => world.Provider.OpenAI;

    [Fact]
    public async Task Its_REST_calls_mint_a_secret_open_a_call_each_way_and_hang_it_up()
    {
        const string offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
        var node = await world.Bridge.OpenModuleAsync("openai", $"node {world.NextName()}");
        var key = (await world.NewTenantAsync()).Key;
        await node.CallAsync("use", key, Base);

        var secret = await node.CallAsync("mint", new { expires_after = new { anchor = "created_at", seconds = 60 }, session = new { type = "realtime", model = Model } });
        var form = await node.CallAsync("call", new { sdp = offer, session = new { type = "realtime", model = Model } });
        var ended = Twin.Sessions[^1];
        var id = IdOf(form);
        // Not a telephone call: the provider's own refusal, in its own words.
        Assert.Equal(400, (await node.FailAsync(TimeSpan.FromSeconds(30), "accept", id, new { type = "realtime" })).Status);
        Assert.Equal(400, (await node.FailAsync(TimeSpan.FromSeconds(30), "reject", id, new { })).Status);
        await node.CallAsync("refer", id, new { target_uri = "tel:+4922812345" });
        await node.CallAsync("hangup", id);
        await node.CallAsync("use", secret.GetProperty("value").GetString(), Base);
        var raw = await node.CallAsync("call", new { sdp = offer });
        await node.CallAsync("use", key, Base);
        await node.CallAsync("hangup", IdOf(raw));

        Assert.StartsWith("ek_", secret.GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.All([form, raw], call => Assert.Equal((201, "application/sdp"), (call.GetProperty("status").GetInt32(), call.GetProperty("type").GetString()!.Split(';')[0])));
        Assert.Equal("hangup", await ended.Over.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("hangup", await Twin.Sessions[^1].Over.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(404, (await node.FailAsync(TimeSpan.FromSeconds(30), "hangup", "rtc_nothing")).Status);
        await node.CallAsync("use", "ork_" + new string('x', 43), Base);
        Assert.Equal(401, (await node.FailAsync(TimeSpan.FromSeconds(30), "call", new { sdp = offer, session = new { type = "realtime", model = Model } })).Status);
        output.WriteLine(await world.Bridge.WhoAsync("openai", "Node"));
    }

    [Fact]
    public async Task Its_WebSocket_opens_a_session_over_TLS_and_another_joins_a_running_call()
    {
        var node = await world.Bridge.OpenModuleAsync("openai", $"node {world.NextName()}");
        var key = (await world.NewTenantAsync()).Key;
        var secure = $"https://127.0.0.1:{await EdgeAsync(node)}/v1";

        await node.CallAsync("open", "session", new { model = Model }, key, secure);
        await EventAsync(node, "session", "session.created");
        await node.CallAsync("send", "session", new { type = "response.create", event_id = "event_mine" });
        var done = await EventAsync(node, "session", "response.done");
        await node.CallAsync("send", "session", new { type = "no.such.event", event_id = "event_wrong" });
        var error = await node.NextAsync("error");
        await node.CallAsync("close", "session");
        var closed = await node.NextAsync("closed");

        await node.CallAsync("use", key, Base);
        var call = await node.CallAsync("call", new { sdp = "v=0\r\ns=-\r\n", session = new { type = "realtime", model = Model } });
        await node.CallAsync("open", "sideband", new { callID = IdOf(call) }, key, secure);
        await EventAsync(node, "sideband", "session.created");
        await node.CallAsync("send", "sideband", new { type = "session.update", session = new { type = "realtime", instructions = "Be brief." } });
        var updated = await EventAsync(node, "sideband", "session.updated");
        await node.CallAsync("hangup", IdOf(call));
        await node.NextAsync("closed");

        Assert.Equal(253, done.GetProperty("response").GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal("session", error.GetProperty("name").GetString());
        Assert.Equal(1000, closed.GetProperty("code").GetInt32());
        Assert.Equal("Be brief.", updated.GetProperty("session").GetProperty("instructions").GetString());
        Assert.Equal("hangup", await Twin.Sessions[^1].Over.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Its_WebRTC_helper_exchanges_SDP_with_us_and_events_with_the_provider()
    {
        var page = await world.Bridge.OpenPageAsync("openai", $"openai {world.NextName()}");
        var peer = await world.Bridge.OpenPageAsync("peer", $"peer {world.NextName()}");
        Twin.MediaPeer = async (sdp, _) => (await peer.CallAsync("answerWhole", "call", sdp)).GetString()!;
        var node = await world.Bridge.OpenModuleAsync("openai", $"node {world.NextName()}");
        await node.CallAsync("use", (await world.NewTenantAsync()).Key, Base);
        var secret = await node.CallAsync("mint", new { session = new { type = "realtime", model = Model } });

        await page.CallAsync("connect", $"{Base}/realtime/calls", secret.GetProperty("value").GetString());
        var answered = await page.NextAsync("answered");
        Assert.Equal("oai-events", (await peer.NextAsync("channel")).GetProperty("label").GetString());
        await peer.CallAsync("say", "call", """{"type":"session.created","event_id":"event_1","session":{"type":"realtime"}}""");
        var created = await page.NextAsync("event");
        await page.CallAsync("send", new { type = "session.update", session = new { type = "realtime" } });
        var said = await peer.NextAsync("message");
        await page.CallAsync("close");
        Twin.MediaPeer = null;

        Assert.Equal(201, answered.GetProperty("status").GetInt32());
        // Another origin: without its exposure the page could not read it.
        Assert.StartsWith("/v1/realtime/calls/rtc_", answered.GetProperty("location").GetString(), StringComparison.Ordinal);
        Assert.Equal("session.created", created.GetProperty("type").GetString());
        Assert.Equal("""{"type":"session.update","session":{"type":"realtime"}}""", said.GetProperty("text").GetString());
        output.WriteLine(await world.Bridge.WhoAsync("openai", "Chromium"));
    }

    [Fact]
    public async Task Its_WebSocket_in_a_browser_brings_the_key_as_a_subprotocol_and_is_answered_with_realtime_alone()
    {
        var node = await world.Bridge.OpenModuleAsync("openai", $"node {world.NextName()}");
        var page = await world.Bridge.OpenPageAsync("openai", $"openai {world.NextName()}");
        var secure = $"https://127.0.0.1:{await EdgeAsync(node)}/v1";

        await page.CallAsync("open", Model, (await world.NewTenantAsync()).Key, secure);

        Assert.Equal("realtime", (await page.NextAsync("open")).GetString());
        Assert.Equal("session.created", (await page.NextAsync("event")).GetProperty("type").GetString());
    }

    private static string IdOf(JsonElement call) => call.GetProperty("location").GetString()!["/v1/realtime/calls/".Length..];

    private static async Task<JsonElement> EventAsync(RealClient node, string socket, string type) =>
        (await node.NextAsync("event", told =>
            told.GetProperty("name").GetString() == socket && told.GetProperty("event").GetProperty("type").GetString() == type)).GetProperty("event");

    /// <summary>TLS in front of the gateway, as there is wherever it serves; nobody checks whose certificate it is.</summary>
    private async Task<int> EdgeAsync(RealClient node)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return (await node.CallAsync("edge", key.ExportPkcs8PrivateKeyPem(), certificate.ExportCertificatePem(), world.Gateway.Address.Port)).GetInt32();
    }
}
