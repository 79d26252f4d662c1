using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Clients of dialect A watch the media of somebody else's session through <c>/subscribe</c>.</summary>
public class WatchScenarios(WatchWorld world) : IClassFixture<WatchWorld>
{
    private const string Unknown = """{"type":"error","error":"Invalid session: there is none of that name to watch"} 4414 Invalid session: there is none of that name to watch""";

    private static readonly string[] OtherModels = ["sim-demo"];
    private static readonly string[] Shop = ["https://shop.example"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_watcher_is_answered_by_the_provider_at_the_place_that_this_told_and_ends_with_the_session()
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;
        await client.OfferAsync();
        await client.TicksAsync(1);

        await using var watcher = await world.WatchAsync(reseller.Key, name);
        var upstream = await world.Provider.NextConnectionAsync($"watch-{name}", Patience);
        await watcher.OfferAsync();
        await watcher.ExpectAsync("answer");
        await watcher.ExpectAsync("ice-candidate");
        await watcher.SendAsync("""{"type":"prompt","prompt":"mine \"now\""}""");
        var ack = await watcher.ExpectAsync("prompt_ack");
        await watcher.SendAsync("""{"type":"ice-candidate","candidate":null}""");
        await upstream.ExpectAsync("ice-candidate", Patience);
        await client.CloseAsync();
        var farewell = await watcher.FarewellAsync();

        Assert.Equal($"?IP=203.0.113.9&port=40012&api_key={world.Provider.ApiKey}", upstream.QueryString);
        Assert.Equal("""{"type":"prompt_ack","prompt":"mine \"now\"","success":false,"error":"Not allowed: this connection only watches"}""", ack.Text);
        Assert.Equal(["offer", "ice-candidate"], upstream.Received.Select(frame => frame.Name));
        Assert.Equal((1000, "Session ended"), (farewell.Code, farewell.Reason));
        Assert.Equal(1000, (await upstream.ExpectCloseAsync(Patience)).Code);
        await world.EndOfAsync(reseller, client.Session!);
        Assert.Equal(1m, (await world.SessionAsync(reseller, client.Session!)).GetProperty("seconds").GetDecimal());
        var mark = Assert.Single(await world.TimelineAsync(reseller, client.Session!), one => one.GetProperty("kind").GetString() == "watched").GetProperty("detail");
        Assert.Equal(($"key:{reseller.KeyId:N}", "subscribe", 1),
            (mark.GetProperty("by").GetString(), mark.GetProperty("way").GetString(), mark.GetProperty("watchers").GetInt32()));
    }

    [Fact]
    public async Task What_is_somebody_elses_or_over_is_answered_like_what_never_was()
    {
        var (parent, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var (child, sibling) = (await world.NewTenantAsync(parent.Id), await world.NewTenantAsync(parent.Id));
        var (client, name) = await world.OpenWatchedAsync(child.Key);
        await using var both = client;
        var (gone, former) = await world.OpenWatchedAsync(child.Key);
        await gone.CloseAsync();
        await world.EndOfAsync(child, gone.Session!);
        await gone.DisposeAsync();

        Assert.Equal(Unknown, await world.TurnedAwayAsync(child.Key, "sim-nobody"));
        foreach (var (credential, asked) in new[]
        {
            (stranger.Key, name), (sibling.Key, name), (await world.MintAsync(sibling.Key), name),
            // A token is its tenant's alone, also where its key would see more.
            (await world.MintAsync(parent.Key), name),
            (child.Key, former), (child.Key, client.Session!), (child.Key, "..%2f"), (child.Key, new string('x', 400)),
        })
        {
            Assert.Equal(Unknown, await world.TurnedAwayAsync(credential, asked));
        }

        foreach (var credential in new[] { child.Key, await world.MintAsync(child.Key), parent.Key })
        {
            await using var watcher = await world.WatchAsync(credential, name);
            await watcher.OfferAsync();
            await watcher.ExpectAsync("answer");
            await watcher.CloseAsync();
        }
    }

    [Fact]
    public async Task Who_holds_no_credential_for_it_is_told_why()
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;
        var (model, origin) = (await world.MintAsync(reseller.Key, new { allowedModels = OtherModels }),
            await world.MintAsync(reseller.Key, new { allowedOrigins = Shop }));

        Assert.EndsWith("4400 Unauthorized: invalid API key", await world.TurnedAwayAsync("ork_" + new string('x', 43), name), StringComparison.Ordinal);
        Assert.EndsWith("4404 Model not allowed", await world.TurnedAwayAsync(model, name), StringComparison.Ordinal);
        Assert.EndsWith("4403 Origin not allowed", await world.TurnedAwayAsync(origin, name), StringComparison.Ordinal);
        Assert.EndsWith("4403 Origin not allowed", await world.TurnedAwayAsync(origin, "sim-nobody"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_revoked_watches_no_more()
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;
        var spare = await world.Admin.AddKeyAsync(reseller.Id, "spare");
        using var http = world.Http(spare.Key);
        await Eventually.IsAsync("the key is known", async () => (await http.GetAsync("/v1/sessions")).IsSuccessStatusCode);
        await using var watcher = await world.WatchAsync(spare.Key, name);
        await watcher.OfferAsync();
        await watcher.ExpectAsync("answer");

        await world.Admin.RevokeKeyAsync(spare.Id);

        Assert.Equal(4407, (await watcher.FarewellAsync()).Code);
        Assert.False(client.Over.IsCompleted);
    }

    [Fact]
    public async Task No_more_watch_than_may_of_one_session_and_in_all()
    {
        var reseller = await world.NewTenantAsync();
        var ((one, first), (two, second)) = (await world.OpenWatchedAsync(reseller.Key), await world.OpenWatchedAsync(reseller.Key));
        await using var both = one;
        await using var other = two;
        await using var a = await AnsweredAsync(reseller, first);
        await using var b = await AnsweredAsync(reseller, first);

        Assert.EndsWith("4113 Server at capacity, please try again later", await world.TurnedAwayAsync(reseller.Key, first), StringComparison.Ordinal);
        await using var c = await AnsweredAsync(reseller, second);
        Assert.EndsWith("4113 Server at capacity, please try again later", await world.TurnedAwayAsync(reseller.Key, second), StringComparison.Ordinal);
        await a.CloseAsync();
        await using var d = await Eventually.SeesAsync("there is room again", async () => await AnsweredOrNullAsync(reseller, first), seen => seen is not null);

        foreach (var watcher in new[] { b, c, d! })
            await watcher.CloseAsync();
    }

    [Fact]
    public async Task Garbage_is_declined_and_what_is_too_big_ends_the_watcher_alone()
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;
        await using var watcher = await world.WatchAsync(reseller.Key, name);
        var upstream = await world.Provider.NextConnectionAsync($"watch-{name}", Patience);

        foreach (var garbage in new[] { "nonsense", "[1]", """{"type":7}""", """{"type":"set_image","image_data":null}""", """{"type":"livekit_join"}""" })
            await watcher.SendAsync(garbage);
        await watcher.SendAsync(WebSocketMessageType.Binary, new byte[] { 1, 2, 3 });
        for (var i = 0; i < 6; i++)
            Assert.Contains("Not allowed: this connection only watches", (await watcher.NextAsync()).Text, StringComparison.Ordinal);
        await watcher.SendAsync($$"""{"type":"offer","sdp":"{{new string('v', 300_000)}}"}""");

        Assert.Equal(1009, (await watcher.FarewellAsync()).Code);
        Assert.Equal(1000, (await upstream.ExpectCloseAsync(Patience)).Code);
        Assert.Equal(0, upstream.ReceivedCount);
        await client.OfferAsync();
        await client.TicksAsync(1);
    }

    [Theory]
    [InlineData(503, "1013 Server at capacity, please try again later")]
    [InlineData(403, "4108 Server unavailable, please try again later")]
    [InlineData(500, "4102 Server unavailable, please try again later")]
    public async Task A_provider_that_shows_nothing_is_told_in_our_words(int status, string told)
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;

        world.Provider.SubscribeStatus = status;
        var turnedAway = await world.TurnedAwayAsync(reseller.Key, name);
        world.Provider.SubscribeStatus = null;

        Assert.EndsWith(told, turnedAway, StringComparison.Ordinal);
        Assert.False(client.Over.IsCompleted);
    }

    [Fact]
    public async Task What_a_provider_says_to_a_watcher_names_nobody()
    {
        var reseller = await world.NewTenantAsync();
        var (client, name) = await world.OpenWatchedAsync(reseller.Key);
        await using var both = client;
        world.Provider.Play(
            $"watch-{name}", Script.Begin.Error($"Decart: key {world.Provider.ApiKey} is odd").Error("plain words").Expect("offer").Close(4321, "bye from api3.decart.ai"));

        await using var watcher = await world.WatchAsync(reseller.Key, name);
        var (labelled, plain) = (await watcher.ExpectAsync("error"), await watcher.ExpectAsync("error"));
        await watcher.OfferAsync();
        var farewell = await watcher.FarewellAsync();

        Assert.Equal("""{"type":"error","error":"The model reported an error"}""", labelled.Text);
        Assert.Equal("""{"type":"error","error":"plain words"}""", plain.Text);
        Assert.Equal((4321, "Connection to the model was closed"), (farewell.Code, farewell.Reason));
    }

    private async Task<StreamClient> AnsweredAsync(Reseller reseller, string name)
    {
        var watcher = await world.WatchAsync(reseller.Key, name);
        await watcher.OfferAsync();
        await watcher.ExpectAsync("answer");
        return watcher;
    }

    private async Task<StreamClient?> AnsweredOrNullAsync(Reseller reseller, string name)
    {
        var watcher = await world.WatchAsync(reseller.Key, name);
        await watcher.OfferAsync();
        if ((await watcher.NextAsync()).Type is "answer")
            return watcher;
        await watcher.DisposeAsync();
        return null;
    }
}

/// <inheritdoc cref="WatchScenarios"/>
public class LinkedWatchScenarios(LinkedWatchWorld world) : WatchScenarios(world), IClassFixture<LinkedWatchWorld>
{
    private readonly LinkedWatchWorld _world = world;

    [Fact]
    public async Task A_session_that_cannot_be_asked_from_here_may_be_asked_for_again()
    {
        var reseller = await _world.NewTenantAsync();
        var (client, name) = await _world.OpenWatchedAsync(reseller.Key);
        await using var both = client;

        var other = await _world.StartGatewayAsync();

        Assert.EndsWith("4113 Server at capacity, please try again later", await _world.TurnedAwayAsync(reseller.Key, name, other), StringComparison.Ordinal);
    }
}
