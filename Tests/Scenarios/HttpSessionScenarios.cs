using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A session of a client that only makes requests, in our own JSON form, bridged to a provider of dialect A.</summary>
public class HttpSessionScenarios(HttpWorld world) : IClassFixture<HttpWorld>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);
    private static readonly object Candidate = new { candidate = "candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host", sdpMid = "0", sdpMLineIndex = 0 };

    private static Script Playing => Script.Begin.SendSessionId().Expect("offer").GenerationStarted();

    [Fact]
    public async Task A_session_is_opened_steered_followed_and_ended_by_requests_alone()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-whole", Playing.Ticks(20, Beat, from: 0.05m, step: 0.05m));
        var token = await world.MintAsync(reseller.Key, new { metadata = new { user_id = "mia" } });

        using var session = await world.OpenAsync(token, "test-http-whole");
        var upstream = await world.Provider.NextConnectionAsync("test-http-whole");
        using var events = await session.EventsAsync();
        var patched = await session.PatchAsync(session.Tag, Candidate, null);
        var prompted = await session.PostAsync("prompt", new { prompt = "paper \"cutout\" world" });
        var refused = await session.PostAsync("prompt", new { prompt = "something forbidden" });
        var pictured = await session.PostAsync("image", new { image_data = "AAAA" });

        Assert.Equal($"/v1/sessions/{session.Id}", session.Location);
        Assert.Equal("answer", session.Body.GetProperty("sdp").GetProperty("type").GetString());
        Assert.StartsWith("v=0", session.Body.GetProperty("sdp").GetProperty("sdp").GetString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK, HttpStatusCode.OK), (patched.StatusCode, prompted.StatusCode, pictured.StatusCode));
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "not_taken", refused);
        Assert.Contains("content policy", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var offer = await upstream.ExpectAsync("offer");
        Assert.Equal(HttpWorld.Offer, JsonElement.Parse(offer.Text).GetProperty("sdp").GetString());
        var candidate = JsonElement.Parse((await upstream.ExpectAsync("ice-candidate")).Text).GetProperty("candidate");
        Assert.Equal("0", candidate.GetProperty("sdpMid").GetString());
        Assert.Equal(JsonValueKind.Null, JsonElement.Parse((await upstream.ExpectAsync("ice-candidate")).Text).GetProperty("candidate").ValueKind);

        Assert.Equal("0", (await events.ExpectAsync("candidate")).Json.GetProperty("sdpMid").GetString());
        await events.ExpectAsync("generation.started");
        await events.ExpectAsync("generation.tick");
        var ended = await session.EndAsync();
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        var last = (await events.RestAsync())[^1];
        Assert.Equal(("session.ended", "client_closed"), (last.Name, last.Json.GetProperty("reason").GetString()));
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, session.Id));
        var row = await world.SessionAsync(reseller, session.Id);
        Assert.Equal("mia", row.GetProperty("endUser").GetString());
        Assert.Equal(last.Json.GetProperty("seconds").GetDecimal(), row.GetProperty("seconds").GetDecimal());
        Books.AssertClosed(await Books.OfAsync(world.Database, session.Id));
        await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_prompt_to_begin_with_is_taken_before_anything_is_offered_or_opens_no_session()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-first", Playing);

        using var session = await world.OpenAsync(reseller.Key, "test-http-first", more: new { prompt = "noir", image_data = "AAAA", metadata = new { user_id = "kim" } });
        var upstream = await world.Provider.NextConnectionAsync("test-http-first");
        using var http = world.Http(reseller.Key);
        var refused = await http.PostAsJsonAsync("/v1/sessions", new { model = "test-http-first", sdp = HttpWorld.Offer, prompt = "forbidden" });
        var other = await world.Provider.NextConnectionAsync("test-http-first");
        await other.Completion.WaitAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(["set_image", "offer"], upstream.Received.Select(frame => frame.Name));
        Assert.Equal("kim", (await world.SessionAsync(reseller, session.Id)).GetProperty("endUser").GetString());
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "not_taken", refused);
        Assert.Equal(["prompt"], other.Received.Select(frame => frame.Name));
    }

    public static TheoryData<string, HttpStatusCode, string> Refusals => new()
    {
        { "unknown",             HttpStatusCode.Forbidden,          "model_not_allowed" },
        { "sim-full",            HttpStatusCode.ServiceUnavailable, "upstream_full" },
        { "sim-refused",         HttpStatusCode.BadGateway,         "provider_refused" },
        { "test-http-silent",    HttpStatusCode.GatewayTimeout,     "no_answer" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_refusal_is_a_problem_with_the_catalogues_code(string model, HttpStatusCode status, string code)
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-silent", Script.Begin.Without(AutomaticReplies.All));
        using var http = world.Http(reseller.Key);

        var answer = await http.PostAsJsonAsync("/v1/sessions", new { model, sdp = HttpWorld.Offer });

        await RawHttp.AssertProblemAsync(status, code, answer);
        Assert.Equal(status is HttpStatusCode.ServiceUnavailable, answer.Headers.RetryAfter is not null);
    }

    public static TheoryData<string, object, string> Malformed => new()
    {
        { "",          new { model = "sim-idle" },                                                              "sdp" },
        { "",          new { model = "sim-idle", sdp = "hello" },                                               "sdp" },
        { "",          new { model = "sim-idle", sdp = new { type = "answer", sdp = HttpWorld.Offer } },        "sdp" },
        { "",          new { sdp = HttpWorld.Offer },                                                           "model" },
        { "",          new { model = "sim-idle", sdp = HttpWorld.Offer, promt = "x" },                          "promt" },
        { "",          new { model = "sim-idle", sdp = HttpWorld.Offer, image_data = "data:image/png;base64,AAAA" }, "image_data" },
        { "",          new { model = "sim-idle", sdp = HttpWorld.Offer, prompt = new string('p', 2_001) },      "prompt" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public async Task What_is_wrong_with_a_request_is_said_by_field(string part, object body, string field)
    {
        using var http = world.Http(world.Someone.Key);

        var answer = await http.PostAsJsonAsync("/v1/sessions" + part, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.True(JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Candidates_say_which_tag_they_belong_to()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-tag", Playing);
        using var session = await world.OpenAsync(reseller.Key, "test-http-tag");

        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionRequired, "condition_required", await session.PatchAsync(null, Candidate));
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionFailed, "condition_failed", await session.PatchAsync("\"other\"", Candidate));
        Assert.Equal(HttpStatusCode.NoContent, (await session.PatchAsync(session.Tag, Candidate)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await session.PatchAsync(session.Tag, Candidate)).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await session.PatchAsync(session.Tag, new { candidate = "nonsense" })).StatusCode);
        session.Http.DefaultRequestHeaders.TryAddWithoutValidation("If-Match", session.Tag);
        using var text = new StringContent("x");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await session.Http.PatchAsync(session.Location, text)).StatusCode);
    }

    [Fact]
    public async Task A_session_exists_for_who_opened_it_and_for_the_keys_above_and_for_nobody_else()
    {
        var parent = await world.NewTenantAsync();
        var (child, stranger) = (await world.NewTenantAsync(parent.Id), await world.NewTenantAsync());
        var (mine, other) = (await world.MintAsync(child.Key), await world.MintAsync(child.Key));
        world.Provider.Play("test-http-whose", Playing);
        using var session = await world.OpenAsync(mine, "test-http-whose");

        foreach (var (credential, status) in new[] { (other, HttpStatusCode.NotFound), (stranger.Key, HttpStatusCode.NotFound), (child.Key, HttpStatusCode.OK), (parent.Key,
            HttpStatusCode.OK), (mine, HttpStatusCode.OK) })
        {
            using var http = world.Http(credential);
            using var answer = await http.PostAsJsonAsync($"{session.Location}/prompt", new { prompt = "x" });
            Assert.Equal(status, answer.StatusCode);
        }

        using (var http = world.Http(other))
            Assert.Equal(HttpStatusCode.Forbidden, (await http.DeleteAsync(session.Location)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await session.EndAsync()).StatusCode);
        using (var http = world.Http(child.Key))
            Assert.Equal(HttpStatusCode.Gone, (await http.PostAsJsonAsync($"{session.Location}/prompt", new { prompt = "x" })).StatusCode);
    }

    [Fact]
    public async Task A_session_with_a_socket_takes_no_requests()
    {
        var reseller = await world.NewTenantAsync();
        await using var client = await world.ConnectAsync(reseller.Key, "sim-idle", world.NewAddress());
        await client.ExpectAsync("session_id");
        using var http = world.Http(reseller.Key);

        var answer = await http.PostAsJsonAsync($"/v1/sessions/{client.Session}/prompt", new { prompt = "x" });

        await RawHttp.AssertProblemAsync(HttpStatusCode.Conflict, "not_an_http_session", answer);
    }

    [Fact]
    public async Task Events_go_on_where_they_were_and_a_gap_is_announced()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-resume", Playing);
        using var session = await world.OpenAsync(reseller.Key, "test-http-resume");
        var upstream = await world.Provider.NextConnectionAsync("test-http-resume");
        string seen;
        using (var first = await session.EventsAsync())
        {
            await upstream.TickAsync(0.1m);
            seen = (await first.ExpectAsync("generation.tick")).Id!;
        }

        await upstream.TickAsync(0.2m);
        using var second = await session.EventsAsync(after: seen);
        Assert.Equal(0.2m, (await second.ExpectAsync("generation.tick")).Json.GetProperty("seconds").GetDecimal());
        // What the provider said meanwhile may lie between, and nothing of before.
        Assert.All(second.All, one => Assert.True(long.Parse(one.Id!) > long.Parse(seen), second.ToString()));

        // More than the ring holds: who asks from the beginning is told what is lost.
        var filler = $$"""{"type":"x","pad":"{{new string('x', 4_000)}}"}""";
        for (var i = 0; i < 30; i++)
            await upstream.SendTextAsync(filler);
        await upstream.TickAsync(0.3m);
        await second.ExpectAsync("generation.tick");
        using var third = await session.EventsAsync();
        var gap = await third.ExpectAsync("gap");
        Assert.Equal(1, gap.Json.GetProperty("from").GetInt64());
        Assert.Equal(gap.Id, gap.Json.GetProperty("to").GetRawText());
        Assert.Equal(0.3m, (await third.ExpectAsync("generation.tick")).Json.GetProperty("seconds").GetDecimal());

        // The token of the answer opens the events and nothing else.
        using var anybody = WatchedHttp.At(world.Gateway.Address);
        var token = session.Body.GetProperty("events").GetProperty("event_token").GetString()!;
        using var fourth = await EventReader.OpenAsync(anybody, $"{session.Body.GetProperty("events").GetProperty("url").GetString()}?event_token={token}&from={gap.Id}");
        await fourth.ExpectAsync("generation.tick");
        Assert.Equal(HttpStatusCode.Unauthorized, (await anybody.GetAsync(new Uri(world.Gateway.Address, $"/v1/sessions/{session.Id}?api_key={token}"))).StatusCode);
    }

    [Fact]
    public async Task The_end_of_a_session_ends_its_events_with_the_reason()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-http-over", Playing);
        using var session = await world.OpenAsync(reseller.Key, "test-http-over");
        var upstream = await world.Provider.NextConnectionAsync("test-http-over");

        using var events = await session.EventsAsync();
        // Not before somebody reads: there are no events of what is over.
        await upstream.PlayAsync(Script.Begin.Ticks(3, Beat, from: 0.5m, step: 0.5m).GenerationEnded("disconnect").Close(1000));
        var all = await events.RestAsync();

        Assert.Equal(("session.ended", "completed"), (all[^1].Name, all[^1].Json.GetProperty("reason").GetString()));
        Assert.Equal(1.5m, all[^1].Json.GetProperty("seconds").GetDecimal());
        Assert.Equal(all.Select(one => long.Parse(one.Id!)).Order(), all.Select(one => long.Parse(one.Id!)));
    }
}

/// <inheritdoc cref="HttpSessionScenarios"/>
public class LinkedHttpSessionScenarios(LinkedHttpWorld world) : HttpSessionScenarios(world), IClassFixture<LinkedHttpWorld>;
