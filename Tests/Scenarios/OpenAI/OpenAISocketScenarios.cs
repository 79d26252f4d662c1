using System.Net;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>Sessions on a WebSocket: what the provider and the client say passes as it is.</summary>
public class OpenAISocketScenarios(OpenAIWorld world) : IClassFixture<OpenAIWorld>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_session_runs_from_the_providers_first_event_to_the_clients_goodbye()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectVoiceAsync(reseller.Key, "test-voice-socket");
        var created = await client.ExpectAsync("session.created");
        var upstream = world.Twin.Sessions.Single(session => session.Model == "test-voice-socket");

        await client.SendAsync("""{"type":"session.update","session":{"type":"realtime","output_modalities":["text"]}}""");
        await client.ExpectAsync("session.updated");
        await client.SendAsync("""{"type":"response.create"}""");
        await client.ExpectAsync("response.done");
        await world.SeesAsync(reseller, client.Session!, "has generated", seen => seen.GetProperty("seconds").GetDecimal() > 0.5m);
        await client.CloseAsync(1000, "OK");

        Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!));
        Assert.Equal("client", await upstream.Over.WaitAsync(Patience));
        Assert.Equal((1000, "OK"), await upstream.Connections[0].Left.WaitAsync(Patience));
        Assert.Equal(world.Provider.ApiKey, upstream.Credential);
        var name = JsonElement.Parse(created.Bytes).GetProperty("session").GetProperty("id").GetString();
        Assert.Equal(name, (await world.SessionAsync(reseller, client.Session!)).GetProperty("upstream").GetProperty("sessionId").GetString());
        var (recorded, span) = (await world.RecordedMsAsync(reseller, client.Session!), upstream.Truth.SpanMilliseconds!.Value);
        Assert.InRange(recorded, span - 250, span + 250);
        Assert.DoesNotContain(upstream.Connections[0].Headers, header => header.Value.Contains(reseller.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_providers_limit_reaches_the_client_with_its_words_and_code()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectVoiceAsync(reseller.Key, "test-voice-socket-cap");
        await client.ExpectAsync("session.created");

        await world.Twin.Sessions.Single(session => session.Model == "test-voice-socket-cap").ExpireAsync();

        Assert.Contains("session_expired", (await client.ExpectAsync("error")).Text, StringComparison.Ordinal);
        Assert.Equal(new Farewell(1001, "Your session hit the maximum duration of 60 minutes."), await client.FarewellAsync());
        Assert.Equal("provider_timeout", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task A_browser_carries_its_credential_in_a_subprotocol_and_gets_realtime_selected()
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key);
        using var http = WatchedHttp.At(world.Gateway.Address);

        using var answer = await RawHttp.UpgradeAsync(
            http, "/v1/realtime?model=test-voice-browser", ("Sec-WebSocket-Protocol", $"realtime, openai-insecure-api-key.{token}, openai-agents-sdk.0.20"));

        Assert.Equal((HttpStatusCode.SwitchingProtocols, "realtime"), (answer.StatusCode, answer.Headers.GetValues("Sec-WebSocket-Protocol").Single()));
        await world.PhaseAsync(reseller, answer.Headers.GetValues("X-Session-Id").Single(), "generating");
    }

    [Fact]
    public async Task A_refusal_is_an_error_event_and_a_close_that_no_library_reconnects_after()
    {
        await using var client = await world.ConnectVoiceAsync("ork_" + new string('n', 43), "test-voice-socket");

        Assert.Contains("\"code\":\"invalid_api_key\"", (await client.NextAsync()).Text, StringComparison.Ordinal);
        Assert.Equal(new Farewell(4400, "Unauthorized: invalid API key"), await client.FarewellAsync());
    }

    [Fact]
    public async Task A_tenants_server_joins_a_session_on_a_socket_too()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectVoiceAsync(reseller.Key, "test-voice-joined");
        await client.ExpectAsync("session.created");
        await using var sideband = await world.JoinAsync(reseller.Key, $"rtc_{client.Session}");
        await sideband.ExpectAsync("session.created");

        await sideband.SendAsync("""{"type":"response.create"}""");

        Assert.Equal((await client.ExpectAsync("response.done")).Text, (await sideband.ExpectAsync("response.done")).Text);
        await client.CloseAsync();
    }
}
