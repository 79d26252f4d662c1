using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Clients see their tenant's brand: its words, its prefix and its media host, and nothing of the provider.</summary>
public class WhiteLabelScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    [Fact]
    public async Task An_error_and_a_close_that_name_the_provider_are_told_in_our_words_and_kept_on_the_timeline()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-named", Script.Begin.SendSessionId()
            .Send("""{"type":"error", "error":"Decart says: simulator is odd"}""").Send("""{"type":"error", "error":"plain words"}""")
            .Expect("offer").Close(4321, "bye from api3.decart.ai"));

        await using var client = await world.ConnectAsync(reseller.Key, "test-named", world.NewAddress());
        var (told, plain) = (await client.ExpectAsync("error"), await client.ExpectAsync("error"));
        await client.OfferAsync();
        var farewell = await client.FarewellAsync();

        Assert.Equal("""{"type":"error", "error":"The model reported an error"}""", told.Text);
        Assert.Equal("""{"type":"error", "error":"plain words"}""", plain.Text);
        Assert.Equal((4321, "Connection to the model was closed"), (farewell.Code, farewell.Reason));
        await world.EndOfAsync(reseller, client.Session!);
        var timeline = await world.TimelineAsync(reseller, client.Session!);
        Assert.Contains(timeline, one => one.ToString().Contains("Decart says: simulator is odd", StringComparison.Ordinal));
        Assert.Contains(timeline, one => one.ToString().Contains("bye from api3.decart.ai", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_room_is_at_the_tenants_media_host_where_it_has_one()
    {
        var (plain, branded) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var below = await world.NewTenantAsync(branded.Id);
        await SetAsync(branded, new { mediaHost = "media.shop.example:7443" });
        world.Provider.Play("test-room", Script.Begin.SendRoomInfo().Hold());

        await using var unbranded = await world.ConnectAsync(plain.Key, "test-room", world.NewAddress());
        var room = (await unbranded.ExpectAsync("livekit_room_info")).Text;
        await using var client = await world.ConnectAsync(below.Key, "test-room", world.NewAddress());
        var rehosted = (await client.ExpectAsync("livekit_room_info")).Text;

        var original = JsonElement.Parse(room).GetProperty("livekit_url").GetString()!;
        var url = JsonElement.Parse(rehosted).GetProperty("livekit_url").GetString()!;
        Assert.Equal("media.shop.example:7443", new Uri(url).Authority);
        Assert.Equal((new Uri(original).Scheme, new Uri(original).PathAndQuery), (new Uri(url).Scheme, new Uri(url).PathAndQuery));
        Assert.Equal(Names(room), Names(rehosted));

        static IEnumerable<string> Names(string frame) => JsonElement.Parse(frame).EnumerateObject().Select(member => member.Name);
    }

    [Fact]
    public async Task A_tenants_own_words_and_prefix_are_what_its_clients_see()
    {
        var reseller = await world.NewTenantAsync(maxSessions: 1);
        var below = await world.NewTenantAsync(reseller.Id);
        await SetAsync(reseller, new
        {
            tokenPrefix = "shop_",
            errorTexts = new Dictionary<string, string>
            {
                ["model_not_allowed"] = "That film is not allowed here",
                ["concurrency_exceeded"] = "One at a time: more is not allowed",
                ["ended_by_tenant"] = "The show is over",
            },
        });

        var token = await Eventually.SeesAsync("the prefix", () => world.MintAsync(below.Key), seen => seen.StartsWith("shop_", StringComparison.Ordinal));
        await using var first = await world.ConnectAsync(token, "sim-idle", world.NewAddress());
        await first.ExpectAsync("session_id");
        await using var second = await world.ConnectAsync(token, "sim-idle", world.NewAddress());
        await using var third = await world.ConnectAsync(token, "unknown", world.NewAddress());
        using var http = world.Http(reseller.Key);
        using var ended = await http.DeleteAsync($"/v1/sessions/{first.Session}");
        using var asking = world.Http(token);
        using var offered = await asking.PostAsJsonAsync("/v1/live/sessions", new { session = new { model = "unknown" }, transport = new { type = "webrtc", sdp = "v=0" } });
        using var minting = world.Http(below.Key);
        using var minted = await minting.PostAsJsonAsync("/v1/realtime/client_secrets", new { });

        Assert.Equal((4406, "One at a time: more is not allowed"), await FarewellOfAsync(second));
        Assert.Equal("""{"type":"error","error":"One at a time: more is not allowed"}""", second.All.Single().Text);
        Assert.Equal((4404, "That film is not allowed here"), await FarewellOfAsync(third));
        Assert.Equal((4002, "The show is over"), await FarewellOfAsync(first));
        Assert.Contains("That film is not allowed here", await offered.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.StartsWith("shop_", JsonElement.Parse(await minted.Content.ReadAsByteArrayAsync()).GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/v1/sessions")]
    [InlineData("POST", "/whip/unknown")]
    [InlineData("POST", "/v1/realtime/sessions")]
    [InlineData("POST", "/v1/realtime/calls")]
    [InlineData("POST", "/v1/realtime/client_secrets")]
    [InlineData("POST", "/v1/live/sessions")]
    [InlineData("GET", "/filter-category/active?model=unknown")]
    public async Task Over_http_a_client_is_refused_in_its_tenants_words_as_well(string method, string path)
    {
        var reseller = await world.NewTenantAsync();
        await SetAsync(reseller, new { errorTexts = new Dictionary<string, string> { ["model_not_allowed"] = "That film is not allowed here" } });
        using var http = world.Http(reseller.Key);
        var offer = HttpWorld.Offer;
        object body = path switch
        {
            "/v1/live/sessions"           => new { session = new { model = "unknown" }, transport = new { type = "webrtc", sdp = offer } },
            "/v1/realtime/client_secrets" => new { session = new { type = "realtime", model = "unknown" } },
            _                             => new { model = "unknown", sdp = offer },
        };

        await Eventually.SeesAsync("the tenant's words", AskAsync, said => said.Contains("That film is not allowed here", StringComparison.Ordinal));

        async Task<string> AskAsync()
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (path.StartsWith("/whip", StringComparison.Ordinal) || path.EndsWith("/calls", StringComparison.Ordinal))
            {
                request.RequestUri = new Uri(path + (path.EndsWith("/calls", StringComparison.Ordinal) ? "?model=unknown" : ""), UriKind.Relative);
                request.Content = new StringContent(offer);
                request.Content.Headers.ContentType = new("application/sdp");
            }
            else if (method == "POST")
            {
                request.Content = JsonContent.Create(body);
            }

            using var answer = await http.SendAsync(request);
            Assert.InRange((int)answer.StatusCode, 400, 499);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Theory]
    [InlineData("errorTexts.invalid_credential", """{"errorTexts":{"invalid_credential":"Who are you?"}}""")]
    [InlineData("errorTexts.nonsense", """{"errorTexts":{"nonsense":"x"}}""")]
    [InlineData("errorTexts", """{"errorTexts":["x"]}""")]
    [InlineData("errorTexts.upstream_full", """{"errorTexts":{"upstream_full":"two\nlines"}}""")]
    [InlineData("tokenPrefix", """{"tokenPrefix":"ork_"}""")]
    [InlineData("tokenPrefix", """{"tokenPrefix":"shop"}""")]
    [InlineData("mediaHost", """{"mediaHost":"wss://media.shop.example"}""")]
    public async Task What_would_not_work_is_not_set(string field, string settings)
    {
        using var answer = await PutAsync(world.Someone, JsonElement.Parse(settings));

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
        Assert.True(JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors").TryGetProperty(field, out _), await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_full_provider_is_not_dialled_six_times_for_one_client()
    {
        var (reseller, address) = (await world.NewTenantAsync(), world.NewAddress());
        world.Provider.Play("test-crowded", Script.Begin.Error("Server at capacity. Please try again later.").Close(1013, "Session Limit Reached"));

        var codes = new List<int?>();
        for (var i = 0; i < 6; i++)
        {
            await using var client = await world.ConnectAsync(reseller.Key, "test-crowded", address);
            codes.Add((await client.FarewellAsync()).Code);
        }

        Assert.All(codes, code => Assert.Equal((int?)CloseCode.UpstreamFull.Entry().Wire, code));
        Assert.InRange(world.Provider.Connections.Count(connection => connection.Model == "test-crowded"), 1, 2);
        await using var neighbour = await world.ConnectAsync(reseller.Key, "test-crowded", world.NewAddress());
        await neighbour.FarewellAsync();
        Assert.Contains(neighbour.All, heard => heard.Text.Contains("Server at capacity. Please try again later.", StringComparison.Ordinal));
    }

    private static async Task<(int?, string?)> FarewellOfAsync(StreamClient client)
    {
        var farewell = await client.FarewellAsync();
        return (farewell.Code, farewell.Reason);
    }

    private async Task SetAsync(Reseller tenant, object settings)
    {
        using var answer = await PutAsync(tenant, settings);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> PutAsync(Reseller tenant, object settings)
    {
        using var http = world.Http(tenant.Key);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{tenant.Id}/settings") { Content = JsonContent.Create(settings) };
        request.Headers.TryAddWithoutValidation("If-Match", "\"none\"");
        return await http.SendAsync(request);
    }
}
