using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Clients of dialect B are let into the room of somebody else's session through <c>/watch-stream</c>.</summary>
public class RoomScenarios(RoomWorld world) : IClassFixture<RoomWorld>
{
    [Fact]
    public async Task A_watcher_is_let_into_the_room_at_its_tenants_media_host()
    {
        var (plain, branded) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        using (var http = world.Http(branded.Key))
        {
            using var set = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{branded.Id}/settings") { Content = JsonContent.Create(new { mediaHost = "media.shop.example" }) };
            set.Headers.TryAddWithoutValidation("If-Match", "\"none\"");
            Assert.True((await http.SendAsync(set)).IsSuccessStatusCode);
        }

        foreach (var (tenant, host) in new[] { (plain, world.Provider.Address.Authority), (branded, "media.shop.example") })
        {
            var (client, room) = await world.OpenRoomAsync(tenant.Key);
            await using var both = client;
            using var answer = await world.JoinAsync(await world.MintAsync(tenant.Key), room);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(answer.Headers.CacheControl?.NoStore);
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Equal(
                $$"""{"livekit_url":"ws://{{host}}/livekit","token":"watch-{{room["room-".Length..]}}","room_name":"{{room}}"}""", await answer.Content.ReadAsStringAsync());
            var mark = await Eventually.SeesAsync("the watcher on the timeline", async () => (await world.TimelineAsync(tenant, client.Session!))
                .Where(one => one.GetProperty("kind").GetString() == "watched").ToList(), marks => marks.Count == 1);
            Assert.Equal("watch-stream", mark[0].GetProperty("detail").GetProperty("way").GetString());
        }
    }

    [Fact]
    public async Task A_room_that_is_somebody_elses_or_over_is_answered_like_one_that_never_was()
    {
        var (mine, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var (client, room) = await world.OpenRoomAsync(mine.Key);
        await using var both = client;
        var (gone, former) = await world.OpenRoomAsync(mine.Key);
        await gone.CloseAsync();
        await world.EndOfAsync(mine, gone.Session!);
        await gone.DisposeAsync();

        var asked = world.Provider.Rooms.Asked.Count;
        var answers = new List<string>();
        foreach (var (credential, name) in new[] { (mine.Key, "room-nobody"), (stranger.Key, room), (mine.Key, former), (mine.Key, room["room-".Length..]) })
        {
            using var answer = await world.JoinAsync(credential, name);
            await RawHttp.AssertProblemAsync(HttpStatusCode.NotFound, "session_not_found", answer);
            answers.Add(await answer.Content.ReadAsStringAsync());
        }

        using var refused = await world.JoinAsync("nonsense", room);
        await RawHttp.AssertProblemAsync(HttpStatusCode.Unauthorized, "invalid_credential", refused);
        Assert.Single(answers.Select(answer => JsonElement.Parse(answer).GetProperty("title").GetString()).Distinct());
        Assert.Equal(asked, world.Provider.Rooms.Asked.Count);
    }

    [Theory]
    [InlineData(500, null, HttpStatusCode.BadGateway, "upstream_unavailable")]
    [InlineData(429, null, HttpStatusCode.ServiceUnavailable, "upstream_full")]
    [InlineData(401, null, HttpStatusCode.BadGateway, "provider_refused")]
    [InlineData(404, null, HttpStatusCode.NotFound, "session_not_found")]
    [InlineData(null, "<html>Decart</html>", HttpStatusCode.BadGateway, "provider_error")]
    [InlineData(null, """{"livekit_url":"wss://x","room_name":"y"}""", HttpStatusCode.BadGateway, "provider_error")]
    public async Task A_provider_that_lets_nobody_in_is_told_in_our_words(int? status, string? body, HttpStatusCode expected, string code)
    {
        var reseller = await world.NewTenantAsync();
        var (client, room) = await world.OpenRoomAsync(reseller.Key);
        await using var both = client;

        (world.Provider.Rooms.Status, world.Provider.Rooms.Body) = (status, body);
        using var answer = await world.JoinAsync(reseller.Key, room);
        (world.Provider.Rooms.Status, world.Provider.Rooms.Body) = (null, null);

        await RawHttp.AssertProblemAsync(expected, code, answer);
        Assert.DoesNotContain("decart", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.False(client.Over.IsCompleted);
    }

    [Fact]
    public async Task A_room_lets_in_so_many_within_a_while()
    {
        var reseller = await world.NewTenantAsync();
        var (client, room) = await world.OpenRoomAsync(reseller.Key);
        await using var both = client;

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * WatchWorld.MaxPerSession).Select(_ => world.JoinAsync(reseller.Key, room)));

        Assert.Equal(WatchWorld.MaxPerSession, answers.Count(answer => answer.StatusCode is HttpStatusCode.OK));
        foreach (var answer in answers.Where(answer => answer.StatusCode is not HttpStatusCode.OK))
            await RawHttp.AssertProblemAsync(HttpStatusCode.ServiceUnavailable, "server_busy", answer);
        await Eventually.IsAsync("there is room again", async () => (await world.JoinAsync(reseller.Key, room)).IsSuccessStatusCode);
    }
}
