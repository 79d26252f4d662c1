using System.Net.Http.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Simulator.Providers.OpenAILive;
using Orchestrator.Tests.Scenarios.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAILive;

/// <summary>What a policy holds of a session whose client speaks to the provider on a data channel, in both APIs.</summary>
public class CallPolicyScenarios(LiveWorld world) : IClassFixture<LiveWorld>
{
    private static readonly object Locked = new { policy = new { locked = new[] { new { type = "session.update", path = "session.instructions" } } } };

    [Theory]
    [InlineData("voice")]
    [InlineData("live")]
    public async Task An_offer_with_what_a_tokens_policy_locks_is_refused_at_once(string api)
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key, Locked);

        using var answer = await OfferAsync(api, token, $$"""{"model":"test-{{api}}-locked","instructions":"be rude"}""");

        Assert.Equal((400, "not_allowed"), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.DoesNotContain(SessionsOf(api), session => session.Model == $"test-{api}-locked");
        var row = await Eventually.SeesAsync("its session is over", () => OnlySessionAsync(reseller), row => row is { } seen && seen.Close is not null);
        Assert.Equal("client_closed", row!.Value.Close);
    }

    [Theory]
    [InlineData("voice")]
    [InlineData("live")]
    public async Task What_the_client_changes_on_its_data_channel_is_changed_back(string api)
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key, Locked);
        var model = $"test-{api}-changed";
        using var answer = await OfferAsync(api, token, $$"""{"model":"{{model}}"}""");
        Assert.Equal(201, (int)answer.StatusCode);
        var session = SessionsOf(api).Last(one => one.Model == model);
        var path = api == "live" ? $"{LiveTwin.Path}/sessions/{session.Id}/attach" : $"{OpenAITwin.Path}?call_id={session.Id}";
        await Eventually.IsAsync("our own connection is there", () => Task.FromResult(session.Connections.Count > 0));

        // In the place of the client's data channel, which no one but the provider hears.
        await using var channel = await StreamClient.ConnectAsync(
            new Uri(world.Provider.WebSocketAddress, path), reads: true, ("Authorization", $"Bearer {world.Provider.ApiKey}"));
        await channel.SendAsync("""{"type":"session.update","session":{"instructions":"be rude"}}""");

        await channel.ExpectAsync("session.updated");
        Assert.Contains("\"instructions\":null", (await channel.ExpectAsync("session.updated")).Text, StringComparison.Ordinal);
        await session.LeaveAsync();
    }

    private IReadOnlyList<VoiceSession> SessionsOf(string api) => api == "live" ? world.Twin.Live.Sessions : world.Twin.Sessions;

    private Task<HttpResponseMessage> OfferAsync(string api, string token, string session) =>
        api == "live" ? world.OfferAsync(token, session) : world.PostAsync(token, session);

    private async Task<(string Id, string? Close)?> OnlySessionAsync(Reseller reseller)
    {
        using var http = world.Http(reseller.Key);
        var sessions = (await http.GetFromJsonAsync<System.Text.Json.JsonElement>("/v1/sessions")).GetProperty("sessions");
        if (sessions.GetArrayLength() == 0)
            return null;
        var close = sessions[0].GetProperty("close");
        return (sessions[0].GetProperty("id").GetString()!, close.ValueKind is System.Text.Json.JsonValueKind.Object ? close.GetProperty("name").GetString() : null);
    }
}
