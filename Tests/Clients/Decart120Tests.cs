using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Clients;

/// <summary>
/// @decartai/sdk 0.1.20 in Chromium: the control plane of dialect B. There is no media server behind the room, so every attempt
/// ends where the client has dialled it.
/// </summary>
[Trait("Category", "Slow")]
[Trait("Needs", "RealClients")]
public sealed class Decart120Tests(ClientWorld world, ITestOutputHelper output) : IClassFixture<ClientWorld>
{
    private static readonly TimeSpan AllAttempts = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task It_joins_waits_its_turn_for_longer_than_it_would_without_a_queue_and_dials_the_room_it_is_given()
    {
        // 15 s is what it waits for a room; a place in the queue suspends that.
        world.Provider.Play("lucy-2.5", Script.Begin.Expect("livekit_join").Queue(2, 3).Wait(TimeSpan.FromSeconds(17)).SendRoomInfo().GenerationStarted().Hold());
        var client = await OpenAsync("queue");
        var connecting = ConnectAsync(client, (await world.NewTenantAsync()).Key, "lucy-2.5", new
        {
            initialState = new { prompt = new { text = "été 🌊", enhance = false } }, queryParams = new { extra = "1" }, resolution = "720p",
        });

        var upstream = await world.Provider.NextConnectionAsync("lucy-2.5", TimeSpan.FromSeconds(30));
        var place = await client.NextAsync("queuePosition");
        var room = await client.NextAsync("dialling", address => address.GetString()!.Contains("/rtc/", StringComparison.Ordinal), TimeSpan.FromSeconds(30));

        Assert.Equal((2, 3), (place.GetProperty("position").GetInt32(), place.GetProperty("queueSize").GetInt32()));
        Assert.Equal(
            ["""{"type":"livekit_join","passthrough":false}""", """{"type":"prompt","prompt":"été 🌊","enhance_prompt":false}"""],
            upstream.Received.Take(2).Select(frame => frame.Text));
        Assert.Equal("/v1/stream", upstream.Path);
        Assert.Contains("extra=1", upstream.QueryString, StringComparison.Ordinal);
        Assert.Contains("resolution=720p", upstream.QueryString, StringComparison.Ordinal);
        // No media host of the tenant's own: the address passes as the provider gave it.
        Assert.StartsWith($"{world.Provider.WebSocketAddress}livekit/rtc/v1?access_token=lk-{upstream.Id}&join_request=", room.GetString(), StringComparison.Ordinal);
        Assert.Single(client.All("dialling"), IsControl);
        await client.CloseAsync();
        Assert.True((await Task.WhenAny(connecting)).IsFaulted, "it connected without a media server");
        output.WriteLine(await world.Bridge.WhoAsync("decart120", "Chromium"));
    }

    [Fact]
    public async Task It_repeats_the_whole_handshake_unless_it_is_told_that_it_is_unauthorized()
    {
        world.Provider.Play("lucy-2.1", Script.Begin.SendRoomInfo().Hold().Without(AutomaticReplies.LiveKit));
        world.Provider.Play("lucy-restyle-2", Script.Begin.Close(1008, "Unauthorized"));
        world.Provider.Play("lucy-latest", Script.Begin.Close(1013, "Session Limit Reached"));
        var key = (await world.NewTenantAsync()).Key;
        var rows = new[]
        {
            ("no media server behind the room", key,                           "lucy-2.1",       6),
            ("1008 \"Unauthorized\"",           key,                           "lucy-restyle-2", 1),
            ("1013",                            key,                           "lucy-latest",    6),
            ("a key that we do not know",       "ork_" + new string('x', 43),  "lucy-2.1",       1),
        };

        var counts = await Task.WhenAll(rows.Select(async row =>
        {
            var (what, credential, model, _) = row;
            var client = await OpenAsync(what);
            await Assert.ThrowsAsync<ClientErrorException>(() => ConnectAsync(client, credential, model, new { }));
            return client.All("dialling").Count(IsControl);
        }));

        Assert.Equal(rows.Select(row => $"{row.Item1}: {row.Item4}"), rows.Zip(counts, (row, count) => $"{row.Item1}: {count}"));
    }

    private static bool IsControl(JsonElement address) => address.GetString()!.Contains("/v1/stream?", StringComparison.Ordinal);

    private Task<JsonElement> ConnectAsync(RealClient client, string key, string model, object options) =>
        client.CallAsync(AllAttempts, "connect", key, world.WebSocketBase, model, options);

    private async Task<RealClient> OpenAsync(string name)
    {
        var client = await world.Bridge.OpenPageAsync("decart120", $"sdk 0.1.20, {name}");
        await client.CallAsync("watch");
        return client;
    }
}
