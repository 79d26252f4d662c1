using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>
/// Settings that a tenant locks, for clients on a data channel that goes past us, on a WebSocket, and with their offer: whatever way they come,
/// and whenever, what was sealed for them holds.
/// </summary>
public class OpenAIPolicyScenarios(OpenAIWorld world) : IClassFixture<OpenAIWorld>
{
    private const string Locks = """
        {"mode":"MODE","onSideband":"ANSWER","locked":[{"type":"session.update","path":"session.instructions"},
         {"type":"session.update","path":"session.max_output_tokens"},{"type":"session.update","path":"session.model"},
         {"type":"session.update","path":"session.audio.output.voice"}]}
        """;

    private const string Rude = """
        {"type":"session.update","event_id":"c1","session":{"type":"realtime","instructions":"be rude","max_output_tokens":"inf","output_modalities":["text"]}}
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task What_a_client_changes_on_its_data_channel_is_changed_back()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        var call = await SealedCallAsync(tenant, "test-voice-revert");
        await using var sideband = await world.JoinAsync(tenant.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        Assert.Null(await call.Upstream.SayAsync(Rude));

        await sideband.ExpectAsync("session.updated");
        await sideband.ExpectAsync("session.updated");
        var settings = JsonElement.Parse(call.Upstream.Settings);
        Assert.Equal(("be kind", 99), (settings.GetProperty("instructions").GetString(), settings.GetProperty("max_output_tokens").GetInt32()));
        // What nobody locked stays as the client has it.
        Assert.Equal("text", settings.GetProperty("output_modalities")[0].GetString());
        // The tenant's own server is not held.
        await sideband.SendAsync("""{"type":"session.update","session":{"type":"realtime","instructions":"be brief"}}""");
        await sideband.ExpectAsync("session.updated");
        Assert.Null(await call.Upstream.SayAsync(Rude));
        await sideband.ExpectAsync("session.updated");
        await sideband.ExpectAsync("session.updated");
        Assert.Contains("be brief", call.Upstream.Settings, StringComparison.Ordinal);

        Assert.Equal(
            ["session.instructions revert", "session.max_output_tokens revert", "session.instructions revert", "session.max_output_tokens revert"],
            await ViolationsAsync(tenant, call, "enforce"));
    }

    [Fact]
    public async Task A_client_that_is_faster_than_our_sideband_gains_nothing()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        world.Twin.Plan("test-voice-fast", new RealtimePlan { EarlySidebands = 4 });
        var call = await SealedCallAsync(tenant, "test-voice-fast");

        Assert.Null(await call.Upstream.SayAsync(Rude));
        Assert.DoesNotContain(call.Upstream.Connections, connection => connection.Received.Count > 0);

        await Eventually.IsAsync(
            "the sealed instructions stand again", () => Task.FromResult(call.Upstream.Settings.Contains("be kind", StringComparison.Ordinal)), Patience);
        Assert.Equal(2, (await ViolationsAsync(tenant, call, "enforce")).Count);
    }

    [Fact]
    public async Task Where_the_policy_says_so_the_call_ends()
    {
        var tenant = await NewTenantAsync("enforce", "end");
        var call = await SealedCallAsync(tenant, "test-voice-ends");
        await using var sideband = await world.JoinAsync(tenant.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        Assert.Null(await call.Upstream.SayAsync(Rude));

        Assert.Equal("policy_violation", await world.EndOfAsync(tenant, call.Session));
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Equal(4413, (await sideband.FarewellAsync()).Code);
        Assert.Equal(["session.instructions end", "session.max_output_tokens end"], await ViolationsAsync(tenant, call, "enforce", isOver: true));
    }

    [Fact]
    public async Task A_call_whose_settings_cannot_be_changed_back_ends()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        world.Twin.Plan("test-voice-stuck", new RealtimePlan { RefuseUpdates = true });
        var call = await SealedCallAsync(tenant, "test-voice-stuck");
        await using var sideband = await world.JoinAsync(tenant.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        Assert.Null(await call.Upstream.SayAsync(Rude));

        Assert.Equal("policy_violation", await world.EndOfAsync(tenant, call.Session));
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_back_and_records_what_would_have_been()
    {
        var tenant = await NewTenantAsync("dry_run", "revert");
        var call = await SealedCallAsync(tenant, "test-voice-dry");
        await using var sideband = await world.JoinAsync(tenant.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        Assert.Null(await call.Upstream.SayAsync(Rude));
        await sideband.ExpectAsync("session.updated");
        await sideband.SendAsync("""{"type":"response.create"}""");
        await sideband.ExpectAsync("response.done");

        Assert.Contains("be rude", call.Upstream.Settings, StringComparison.Ordinal);
        Assert.Single(sideband.All, heard => heard.Type == "session.updated");
        Assert.Equal(["session.instructions revert", "session.max_output_tokens revert"], await ViolationsAsync(tenant, call, "dry_run"));
    }

    [Fact]
    public async Task What_is_sealed_in_a_secret_holds_on_a_WebSocket_too()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        await using var client = await world.ConnectVoiceAsync(await SecretAsync(tenant, "test-voice-sealed"), "test-voice-sealed");
        await client.ExpectAsync("session.created");
        var begun = JsonElement.Parse((await client.ExpectAsync("session.updated")).Bytes).GetProperty("session");

        await client.SendAsync(Rude);
        var refused = JsonElement.Parse((await client.ExpectAsync("error")).Bytes).GetProperty("error");
        await client.SendAsync("""{"type":"session.update","session":{"type":"realtime","output_modalities":["text"]}}""");
        await client.ExpectAsync("session.updated");

        Assert.Equal(("be kind", 99), (begun.GetProperty("instructions").GetString(), begun.GetProperty("max_output_tokens").GetInt32()));
        Assert.Equal(("c1", "not_allowed"), (refused.GetProperty("event_id").GetString(), refused.GetProperty("code").GetString()));
        var upstream = world.Twin.Sessions.Last(session => session.Model == "test-voice-sealed");
        Assert.Contains("be kind", upstream.Settings, StringComparison.Ordinal);
        Assert.Equal(world.Provider.ApiKey, upstream.Credential);
        await client.CloseAsync();
        Assert.Equal("client_closed", await world.EndOfAsync(tenant, client.Session!));
    }

    [Fact]
    public async Task A_session_whose_sealed_settings_the_provider_does_not_take_does_not_go_on_without_them()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        var secret = await SecretAsync(tenant, "test-voice-bad", new { type = "realtime", model = "test-voice-bad", bad = true });
        await using var client = await world.ConnectVoiceAsync(secret, "test-voice-bad");

        await client.ExpectAsync("error");

        Assert.Equal(4412, (await client.FarewellAsync()).Code);
    }

    [Theory]
    [InlineData("""{"type":"realtime","instructions":"be rude"}""", "not_allowed", "enforce")]
    [InlineData("""{"type":"realtime","instructions":null}""", "not_allowed", "enforce")]
    [InlineData("""{"type":"realtime","audio":"none"}""", "not_allowed", "enforce")]
    [InlineData("""{"type":"realtime","output_modalities":["text"],"audio":{"input":{"format":"x"}}}""", null, "enforce")]
    [InlineData("""{"type":"realtime","instructions":"be rude"}""", null, "dry_run")]
    public async Task What_the_holder_of_a_secret_posts_beside_its_offer_is_held_as_an_update_would_be(string session, string? refused, string mode)
    {
        var tenant = await NewTenantAsync(mode, "revert");
        var model = $"test-voice-posts-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}";
        var secret = await SecretAsync(tenant, model);
        var calls = world.Twin.Sessions.Count(one => one.Model == model);

        using var answer = await world.PostAsync(secret, session);

        if (refused is not null)
        {
            Assert.Equal((400, refused), await OpenAIWorld.ErrorOfAsync(answer));
            Assert.DoesNotContain(world.Twin.Sessions, one => one.Model == model);
            return;
        }

        var call = await world.TakeAsync(answer, model);
        var settings = JsonElement.Parse(call.Upstream.Settings);
        Assert.Equal(mode == "enforce" ? "be kind" : "be rude", settings.GetProperty("instructions").GetString());
        Assert.Equal("ash", settings.GetProperty("audio").GetProperty("output").GetProperty("voice").GetString());
        Assert.Equal(mode == "enforce" ? [] : ["session.instructions refuse"], await ViolationsAsync(tenant, call, mode));
    }

    [Fact]
    public async Task A_secret_opens_a_session_by_JSON_with_what_was_sealed_in_it()
    {
        var tenant = await NewTenantAsync("enforce", "revert");
        using var http = world.Rest(await SecretAsync(tenant, "gpt-sealed-json"));

        using var answer = await http.PostAsJsonAsync("/v1/sessions", new { model = "gpt-sealed-json", sdp = HttpWorld.Offer });

        Assert.True((int)answer.StatusCode == 201, await answer.Content.ReadAsStringAsync());
        Assert.Contains("be kind", world.Twin.Sessions.Last(session => session.Model == "gpt-sealed-json").Settings, StringComparison.Ordinal);
        using var ended = await http.DeleteAsync(answer.Headers.Location);
    }

    [Fact]
    public async Task A_tenant_that_denies_offers_is_called_by_nobody()
    {
        var tenant = await NewTenantAsync("""{"client":{"denied":["offer"]}}""");

        using var answer = await world.PostAsync(tenant.Key, """{"type":"realtime","model":"test-voice-denied"}""");

        Assert.Equal((400, "not_allowed"), await OpenAIWorld.ErrorOfAsync(answer));
        Assert.DoesNotContain(world.Twin.Sessions, session => session.Model == "test-voice-denied");
    }

    private Task<Reseller> NewTenantAsync(string mode, string answer) =>
        NewTenantAsync(Locks.Replace("MODE", mode, StringComparison.Ordinal).Replace("ANSWER", answer, StringComparison.Ordinal));

    private Task<Reseller> NewTenantAsync(string policy) => NewTenantAsync(world, policy);

    /// <summary>A new tenant with that policy.</summary>
    internal static async Task<Reseller> NewTenantAsync(OpenAIWorld world, string policy)
    {
        var tenant = await world.NewTenantAsync();
        using var http = world.Http(tenant.Key);
        using var standing = await http.GetAsync($"/v1/tenants/{tenant.Id}/policy");
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{tenant.Id}/policy")
        {
            Content = JsonContent.Create(JsonElement.Parse($$"""{"policy":{{policy}}}""")),
        };
        request.Headers.TryAddWithoutValidation("If-Match", standing.Headers.ETag!.ToString());
        using var answer = await http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return tenant;
    }

    private async Task<string> SecretAsync(Reseller tenant, string model, object? session = null)
    {
        using var http = world.Rest(tenant.Key);
        session ??= new { type = "realtime", model, instructions = "be kind", max_output_tokens = 99, audio = new { output = new { voice = "ash" } } };
        using var minted = await http.PostAsJsonAsync("/v1/realtime/client_secrets", new { session });
        Assert.True(minted.IsSuccessStatusCode, await minted.Content.ReadAsStringAsync());
        return JsonElement.Parse(await minted.Content.ReadAsByteArrayAsync()).GetProperty("value").GetString()!;
    }

    private async Task<VoiceCall> SealedCallAsync(Reseller tenant, string model)
    {
        using var answer = await world.PostAsync(await SecretAsync(tenant, model), session: null);
        return await world.TakeAsync(answer, model);
    }

    private async Task<IReadOnlyList<string>> ViolationsAsync(Reseller tenant, VoiceCall call, string mode, bool isOver = false)
    {
        if (!isOver)
            Assert.True((await world.TellAsync(tenant.Key, call.Id, "hangup")).IsSuccessStatusCode);
        await world.EndOfAsync(tenant, call.Session);
        var happened = (await world.TimelineAsync(tenant, call.Session))
            .Where(one => one.GetProperty("kind").GetString() == "policy_violation").Select(one => one.GetProperty("detail")).ToList();
        Assert.All(happened, one => Assert.Equal(mode, one.GetProperty("mode").GetString()));
        return [.. happened.Select(one => $"{one.GetProperty("path").GetString()} {one.GetProperty("answer").GetString()}")];
    }
}
