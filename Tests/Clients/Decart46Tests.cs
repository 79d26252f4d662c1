using System.Text.Json;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Clients;

/// <summary>@decartai/sdk 0.0.46 in Chromium, with pictures that really flow between its camera and the provider's node.</summary>
[Trait("Category", "Slow")]
[Trait("Needs", "RealClients")]
public sealed class Decart46Tests(ClientWorld world, ITestOutputHelper output) : IClassFixture<ClientWorld>
{
    /// <summary>Six attempts at 0, 1, 3, 7, 15 and 25 s, and what each takes.</summary>
    private static readonly TimeSpan AllAttempts = TimeSpan.FromSeconds(50);

    /// <summary>Nothing but what the test says, where a media node answers.</summary>
    private static readonly Script ByHand = Script.Begin.SendSessionId().Without(AutomaticReplies.Offers);

    [Fact]
    public async Task Pictures_flow_both_ways_and_prompts_are_answered()
    {
        world.Provider.Play("mirage_v2", ByHand);
        var client = await OpenAsync();
        var peer = await world.Bridge.OpenPageAsync("peer", $"peer {world.NextName()}");

        var connecting = client.CallAsync("connect", (await world.NewTenantAsync()).Key, "mirage_v2", "paper cutout world");
        var upstream = await world.Provider.NextConnectionAsync("mirage_v2", TimeSpan.FromSeconds(20));
        var media = new MediaPeer(peer, upstream);
        await media.AnswerAsync();
        var state = await connecting;
        await upstream.PlayAsync(Script.Begin.UnknownType().GenerationStarted().UnknownType().Ticks(3, TimeSpan.FromMilliseconds(300), from: 0.3m, step: 0.3m));

        Assert.Equal("connected", state.GetProperty("connection").GetString());
        Assert.Equal(upstream.Id, state.GetProperty("sessionId").GetString());
        Assert.Equal(320, (await media.SeesAsync(5)).GetProperty("width").GetInt32());
        Assert.Equal(160, (await client.CallAsync("seen", 5)).GetProperty("width").GetInt32());
        Assert.Equal("generating", (await client.NextAsync("connectionChange", change => change.GetString() == "generating")).GetString());
        Assert.Equal("""{"type":"prompt","prompt":"paper cutout world","enhance_prompt":false}""", upstream.Received.Single(frame => frame.Type == "prompt").Text);
        AssertOrder(upstream);

        await AcksAsync(client);
        await client.CallAsync("disconnect");
        var farewell = await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(15));
        // It says no code, which is 1000 on its way to the provider.
        Assert.Equal((1000, false), (farewell.Code, farewell.Vanished));
        output.WriteLine(await world.Bridge.WhoAsync("decart46", "Chromium"));
    }

    [Fact]
    public async Task A_lost_upstream_is_dialled_again_with_a_new_offer_and_an_ICE_restart_is_an_offer_on_the_same_socket()
    {
        world.Provider.Play("mirage", ByHand);
        var client = await OpenAsync();
        var peer = await world.Bridge.OpenPageAsync("peer", $"peer {world.NextName()}");
        var connecting = client.CallAsync("connect", (await world.NewTenantAsync()).Key, "mirage", "paper cutout world");
        var first = await world.Provider.NextConnectionAsync("mirage", TimeSpan.FromSeconds(20));
        var media = new MediaPeer(peer, first);
        await media.AnswerAsync();
        await connecting;

        // On the same socket: the second offer is the restart's.
        await first.SendTextAsync("""{"type":"ice-restart","turn_config":{"username":"u","credential":"c","server_url":"turn:127.0.0.1:9"}}""");
        await media.AnswerAsync();
        await Eventually.SeesAsync(
            "connected after the restart", () => client.CallAsync("state"), state => state.GetProperty("connection").GetString() is "connected" or "generating");
        Assert.Equal(2, first.Received.Count(frame => frame.Type == "offer"));
        await media.SeesAsync(3);

        await first.CloseAsync(1011);
        await client.NextAsync("connectionChange", change => change.GetString() == "reconnecting");
        var second = await world.Provider.NextConnectionAsync("mirage", TimeSpan.FromSeconds(20));
        await new MediaPeer(peer, second).AnswerAsync();
        await Eventually.SeesAsync("connected again", () => client.CallAsync("state"), state => state.GetProperty("sessionId").GetString() == second.Id);

        Assert.NotEqual(first.Id, second.Id);
        // This version does not say its prompt again.
        Assert.DoesNotContain(second.Received, frame => frame.Type == "prompt");
        await client.CallAsync("disconnect");
    }

    [Fact]
    public async Task What_is_permanent_is_tried_once_and_what_is_not_six_times()
    {
        var refused = new[]
        {
            ("lucy_2_rt",        Script.Begin.Error("401 Unauthorized").Hold(),                                 "an error in words that stop it", 1, "401 Unauthorized"),
            ("mirage",           Script.Begin.Close(1008, "Unauthorized"),                                      "a bare close",                   6, ""),
            ("lucy_v2v_720p_rt", Script.Begin.Error("Server at capacity. Please try again later.").Close(1013), "no capacity",                    6, "at capacity"),
        };
        var all = refused.Select(async row =>
        {
            var (model, script, what, attempts, words) = row;
            world.Provider.Play(model, script);
            var client = await OpenAsync();
            var error = await client.FailAsync(AllAttempts, "connect", (await world.NewTenantAsync()).Key, model, null);
            return (what, attempts, client.All("opening").Count, error, words);
        });

        foreach (var (what, attempts, opened, error, words) in await Task.WhenAll(all))
        {
            Assert.True(attempts == opened, $"{what}: {opened} attempts instead of {attempts}; {error.Message}");
            Assert.Contains(words, error.Words, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_candidate_before_the_answer_fails_the_attempt_so_a_run_that_passes_proves_that_order_is_kept()
    {
        const string candidate = """{"type":"ice-candidate","candidate":{"candidate":"candidate:1 1 udp 2122260223 127.0.0.1 50001 typ host","sdpMid":"0","sdpMLineIndex":0}}""";
        world.Provider.Play("lucy_2_rt", Script.Begin.SendSessionId().Expect("offer").Send(candidate).SendAnswer().Hold().Without(AutomaticReplies.Offers));
        var client = await OpenAsync();

        await client.FailAsync(AllAttempts, "connect", (await world.NewTenantAsync()).Key, "lucy_2_rt", null);

        Assert.Equal(6, client.All("opening").Count);
    }

    [Fact]
    public async Task Our_own_refusals_stop_it_at_once_and_reach_the_application_in_its_words()
    {
        world.Provider.Play("mirage_v2", ByHand);
        var suspended = await world.NewTenantAsync();
        await world.Admin.SuspendAsync(suspended.Id, suspended: true);
        using var http = world.Http(suspended.Key);
        await Eventually.IsAsync("the suspension is known", async () => !(await http.GetAsync("/v1/sessions")).IsSuccessStatusCode);
        var expected = new[]
        {
            ("ork_" + new string('x', 43), "Unauthorized: invalid API key"),
            (suspended.Key,                "Permission denied: account suspended"),
        };
        foreach (var (key, words) in expected)
        {
            var client = await OpenAsync();
            var error = await client.FailAsync(AllAttempts, "connect", key, "mirage_v2", null);

            Assert.Equal((words, 1), (error.Words, client.All("opening").Count));
        }
    }

    private static async Task AcksAsync(RealClient client)
    {
        await client.CallAsync("setPrompt", "été 🌊 \"sea\"", new { enhance = false });
        var refused = await client.FailAsync(TimeSpan.FromSeconds(15), "setPrompt", "something forbidden", new { enhance = false });
        Assert.Equal("content policy", refused.Words);
        await client.CallAsync("setImage", "aGVsbG8=", new { prompt = "as a statue", enhance = false });
        refused = await client.FailAsync(TimeSpan.FromSeconds(15), "setImage", "aGVsbG8=", new { prompt = "forbidden", enhance = true });
        Assert.Equal("content policy", refused.Words);
        await client.CallAsync("setImage", null, new { });
    }

    /// <summary>Nothing before the offer, then candidates of every medium, the end of them last.</summary>
    private static void AssertOrder(ProviderConnection upstream)
    {
        var types = upstream.Received.Select(frame => frame.Type).ToList();
        Assert.Equal("offer", types[0]);
        var candidates = upstream.Received.Where(frame => frame.Type == "ice-candidate").Select(frame => JsonElement.Parse(frame.Bytes.Span).GetProperty("candidate")).ToList();
        Assert.Equal(JsonValueKind.Null, candidates[^1].ValueKind);
        Assert.All(candidates[..^1], candidate => Assert.Equal(JsonValueKind.Object, candidate.ValueKind));
        Assert.Contains("user_agent=decart-js-sdk", Uri.UnescapeDataString(upstream.QueryString), StringComparison.Ordinal);
    }

    private async Task<RealClient> OpenAsync()
    {
        var client = await world.Bridge.OpenPageAsync("decart46", $"sdk 0.0.46, {world.NextName()}");
        await client.CallAsync("pointAt", world.WebSocketBase);
        return client;
    }
}
