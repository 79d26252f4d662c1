using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world with short limits and room for a few.</summary>
public class LimitWorld : FaultWorld
{
    /// <summary>How many sessions its gateway takes at once.</summary>
    public const int Room = 4;

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Relay:IdleTimeout"] = "00:00:03",
        ["Relay:WaitTimeout"] = "00:00:05",
        ["Relay:MaxSessions"] = $"{Room}",
    };
}

/// <summary>What ends a session that would go on, and what a session shows while it waits.</summary>
public class LimitScenarios(LimitWorld world) : IClassFixture<LimitWorld>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);

    /// <summary>Real time, so that no count is ahead of the clock.</summary>
    private static Script Counting => Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.2m, step: 0.2m);

    [Fact]
    public async Task A_session_ends_at_the_duration_that_its_tenant_allows()
    {
        var reseller = await world.NewTenantAsync(maxSessionSeconds: 2);
        world.Provider.Play("test-tenant-duration", Counting);
        var (client, upstream) = await world.OpenAsync(reseller, "test-tenant-duration");
        await using var _ = client;

        await AssertDurationLimitAsync(client, reseller, 2);

        Assert.Equal(1000, (await upstream.ExpectCloseAsync()).Code);
    }

    [Fact]
    public async Task A_session_ends_at_the_duration_that_its_token_allows_where_that_is_less()
    {
        var reseller = await world.NewTenantAsync(maxSessionSeconds: 3600);
        world.Provider.Play("test-token-duration", Counting);
        using var http = world.Http(reseller.Key);
        using var minted = await http.PostAsJsonAsync("/v1/client/tokens", new { constraints = new { realtime = new { maxSessionDuration = 10 } } });
        var token = JsonElement.Parse(await minted.Content.ReadAsByteArrayAsync()).GetProperty("apiKey").GetString()!;

        await using var client = await world.ConnectAsync(token, "test-token-duration");

        await AssertDurationLimitAsync(client, reseller, 10);
    }

    [Fact]
    public async Task A_session_in_which_nothing_travels_is_idle()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-idle", Script.Begin.SendSessionId().Expect("offer").Hold());
        await using var client = await world.ConnectAsync(reseller.Key, "test-idle");
        await client.OfferAsync();

        var farewell = await client.FarewellAsync();

        Assert.Equal((4110, "Session was idle"), (farewell.Code, farewell.Reason));
        Assert.Equal("idle_timeout", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task A_node_that_does_not_become_ready_in_time_is_given_up()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-wait", Script.Begin.SendSessionId().Queue(1_000, 1_000, every: Beat));
        await using var client = await world.ConnectAsync(reseller.Key, "test-wait");

        var farewell = await client.FarewellAsync();

        Assert.Equal((4111, "No capacity in time, please try again later"), (farewell.Code, farewell.Reason));
        Assert.Equal("""{"type":"error","error":"No capacity in time, please try again later"}""", client.All[^1].Text);
        Assert.Equal("wait_limit", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task A_process_that_is_full_says_so_and_takes_the_next_when_one_has_left()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-room", Counting);
        var clients = new List<StreamClient>();
        try
        {
            for (var i = 0; i < LimitWorld.Room; i++)
            {
                clients.Add(await world.ConnectAsync(reseller.Key, "test-room"));
                await clients[i].TicksAsync(1);
            }

            await using var refused = await world.ConnectAsync(reseller.Key, "test-room");
            var farewell = await refused.FarewellAsync();
            await clients[0].CloseAsync();
            await world.EndOfAsync(reseller, clients[0].Session!);
            await Eventually.IsAsync("there is room again", async () =>
            {
                await using var next = await world.ConnectAsync(reseller.Key, "test-room");
                return next.Session is not null;
            });

            Assert.Equal((4113, "Server at capacity, please try again later"), (farewell.Code, farewell.Reason));
            Assert.Equal("""{"type":"error","error":"Server at capacity, please try again later"}""", Assert.Single(refused.All).Text);
            Assert.Null(refused.Session);
        }
        finally
        {
            foreach (var client in clients)
            {
                if (!client.Over.IsCompleted)
                    await client.CloseAsync();
                await world.EndOfAsync(reseller, client.Session!);
                await client.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_session_shows_the_node_and_its_place_in_the_queue_while_it_waits()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-queue", Script.Begin.SendSessionId().Hold());
        var (client, upstream) = await world.OpenAsync(reseller, "test-queue");
        await using var _ = client;

        await upstream.SendTextAsync("""{"type":"status","status":"Entering queue"}""");
        var queued = await SeesNodeAsync("waiting", "pending");
        await upstream.SendTextAsync("""{"type":"queue_position","position":3,"queue_size":7}""");
        var third = await world.SeesAsync(reseller, client.Session!, "has its place", seen => seen.GetProperty("queue").ValueKind is JsonValueKind.Object);
        await upstream.SendTextAsync("""{"type":"error","error":"Server at capacity. Please try again later."}""");
        await SeesNodeAsync("waiting", "full");
        await upstream.SendTextAsync("""{"type":"queue_position","position":1,"queue_size":2}""");
        await SeesNodeAsync("waiting", "pending");
        await client.OfferAsync();
        var ready = await SeesNodeAsync("connected", "waiting");
        await client.CloseAsync();

        Assert.Equal(JsonValueKind.Null, queued.GetProperty("queue").ValueKind);
        Assert.Equal((3, 7), (third.GetProperty("queue").GetProperty("position").GetInt32(), third.GetProperty("queue").GetProperty("size").GetInt32()));
        Assert.Equal((JsonValueKind.Null, upstream.Id), (ready.GetProperty("queue").ValueKind, ready.GetProperty("upstream").GetProperty("sessionId").GetString()));
        await world.EndOfAsync(reseller, client.Session!);

        Task<JsonElement> SeesNodeAsync(string phase, string node) => world.SeesAsync(
            reseller, client.Session!, $"is {phase} at a node that is {node}",
            seen => (seen.GetProperty("phase").GetString(), seen.GetProperty("nodeStatus").GetString()) == (phase, node));
    }

    [Theory]
    [InlineData("""{"type":"livekit_join","passthrough":true}""", "decart-b")]
    [InlineData("""{"type":"offer","sdp":"v=0"}""", "decart-a")]
    public async Task The_first_frame_tells_the_dialect_and_the_session_shows_it(string first, string dialect)
    {
        var reseller = await world.NewTenantAsync();
        var model = $"test-{dialect}";
        world.Provider.Play(model, Script.Begin.Expect("offer").Queue(2, 3).Status("Ready").SendSessionId().SendAnswer().GenerationStarted().Ticks(2, Beat, 0.2m, 0.2m).Hold());
        var (client, upstream) = await world.OpenAsync(reseller, model);
        await using var _ = client;

        await client.SendAsync(first);
        await client.TicksAsync(2);
        var session = await world.PhaseAsync(reseller, client.Session!, "generating");
        await client.CloseAsync();

        Assert.Equal(first, upstream.Received[0].Text);
        Assert.Equal(
            dialect is "decart-b"
                ? ["queue_position", "status", "livekit_room_info", "generation_started", "generation_tick", "generation_tick"]
                : ["queue_position", "status", "session_id", "answer", "generation_started", "generation_tick", "generation_tick"],
            client.All.Where(heard => heard.Type is not "ice-candidate").Select(heard => heard.Type));
        Assert.Equal((dialect, upstream.Id), (session.GetProperty("dialect").GetString(), session.GetProperty("upstream").GetProperty("sessionId").GetString()));
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!));
        Assert.Equal(0.4m, (await world.SessionAsync(reseller, client.Session!)).GetProperty("seconds").GetDecimal());
        Books.AssertClosed(await Books.OfAsync(world.Database, client.Session!));
    }

    private async Task AssertDurationLimitAsync(StreamClient client, Reseller reseller, decimal seconds)
    {
        var farewell = await client.FarewellAsync();

        Assert.Equal((4004, "Session duration limit reached"), (farewell.Code, farewell.Reason));
        var end = JsonElement.Parse((await client.ExpectAsync("generation_ended")).Bytes);
        Assert.Equal("duration_limit", await world.EndOfAsync(reseller, client.Session!));
        var book = await Books.OfAsync(world.Database, client.Session!);
        Books.AssertClosed(book);
        Assert.Equal(("timeout", book.MarkMs / 1000m), (end.GetProperty("reason").GetString(), end.GetProperty("seconds").GetDecimal()));
        // Looked at twice a second, and counted on after the decision until the provider has hung up.
        Assert.InRange(book.MarkMs / 1000m, seconds - 1, seconds + 5);
    }
}
