using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Providers.Decart.Http;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world with a provider of dialect C beside the one of A.</summary>
public class DecartHttpWorld : HttpWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Providers:overhttp:Endpoint"] = new Uri(Provider.WebSocketAddress, "/v1/realtime/sessions").ToString(),
        ["Providers:overhttp:ApiKey"] = Provider.ApiKey,
        ["Providers:overhttp:Version"] = "c",
        ["Providers:overhttp:Models:0"] = "http-*",
    };

    /// <summary>The provider's end of the newest session of that model.</summary>
    public Task<HttpProviderSession> UpstreamAsync(string model) => Eventually.SeesAsync(
        $"a session of {model} at the provider", () => Task.FromResult(Provider.HttpSessions.LastOrDefault(session => session.Model == model)!), session => session is not null);
}

/// <summary>Decart's dialect C: as a surface before a provider of dialect A, and as a provider behind clients of A, C and our own form.</summary>
public class DecartHttpScenarios(DecartHttpWorld world) : IClassFixture<DecartHttpWorld>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);
    private static readonly object Candidate = new { candidate = "candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host", sdpMid = "0", sdpMLineIndex = 0 };

    [Fact]
    public async Task A_client_of_dialect_C_is_served_by_a_provider_of_dialect_A()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-c-whole", Script.Begin.SendSessionId().Expect("offer").SendAnswer().SendIce(1, end: true).GenerationStarted().Ticks(2, Beat, from: 0.5m,
            step: 0.5m));
        var token = await world.MintAsync(reseller.Key);

        using var session = await world.OpenAsync(token, "test-c-whole", "/v1/realtime/sessions");
        using var account = world.Http(reseller.Key);
        Assert.Equal(HttpStatusCode.Unauthorized, (await account.PostAsJsonAsync($"{session.Location}/prompt", new { prompt = "x" })).StatusCode);
        var patched = await session.PatchAsync(session.Tag, Candidate);
        var next = patched.Headers.ETag!.Tag;
        Assert.Equal(HttpStatusCode.NoContent, patched.StatusCode);
        Assert.NotEqual(session.Tag, next);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await session.PatchAsync(session.Tag, Candidate)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionRequired, (await session.PatchAsync(null, Candidate)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await session.PatchAsync(next, (object?)null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await session.PostAsync("prompt", new { prompt = "noir" })).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await session.PostAsync("image", new { image_data = "AAAA", prompt = "forbidden" })).StatusCode);

        var events = session.Body.GetProperty("events");
        using var anybody = WatchedHttp.At(world.Gateway.Address);
        using var reader = await EventReader.OpenAsync(anybody, $"{events.GetProperty("url").GetString()}?event_token={events.GetProperty("event_token").GetString()}");
        Assert.Equal("0", (await reader.ExpectAsync("ice-candidate")).Json.GetProperty("sdpMid").GetString());
        Assert.Equal("null", (await reader.ExpectAsync("ice-candidate")).Data);
        while ((await reader.ExpectAsync("generation.tick")).Json.GetProperty("seconds").GetDecimal() < 1m)
            continue;

        using var ended = await session.EndAsync();
        var told = JsonElement.Parse(await ended.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.OK, session.Id, "client_closed"), (ended.StatusCode, told.GetProperty("session_id").GetString(), told.GetProperty("reason").GetString()));
        Assert.Equal(1m, told.GetProperty("billed_seconds").GetDecimal());
        Assert.True(told.GetProperty("duration_seconds").GetDecimal() > 0.1m);
        Assert.Equal(HttpStatusCode.NotFound, (await session.EndAsync()).StatusCode);
    }

    [Fact]
    public async Task A_client_of_our_own_form_is_served_by_a_provider_of_dialect_C_and_metered_by_our_clock()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("http-whole", Script.Begin);
        using var session = await world.OpenAsync(reseller.Key, "http-whole", more: new { prompt = "noir" });
        var upstream = await world.UpstreamAsync("http-whole");
        using var events = await session.EventsAsync();

        Assert.Equal("noir", upstream.Opening.GetProperty("prompt").GetString());
        Assert.Equal("turn:203.0.113.9:3478", session.Body.GetProperty("ice_servers")[0].GetProperty("urls")[0].GetString());
        Assert.Equal("0", (await events.ExpectAsync("candidate")).Json.GetProperty("sdpMid").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await session.PatchAsync(session.Tag, Candidate, null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await session.PostAsync("prompt", new { prompt = "paper" })).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await session.PostAsync("prompt", new { prompt = "forbidden" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await session.PostAsync("image", new { image_data = "AAAA" })).StatusCode);
        upstream.Tell("error", """{"title":"Trouble","detail":"a hiccup"}""");
        Assert.Equal("a hiccup", (await events.ExpectAsync("error")).Json.GetProperty("error").GetString());
        await world.SeesAsync(reseller, session.Id, "has generated", seen => seen.GetProperty("seconds").GetDecimal() > 0.5m);

        Assert.True((await session.EndAsync()).IsSuccessStatusCode);
        await world.EndOfAsync(reseller, session.Id);
        await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(["PATCH", "PATCH", "prompt", "prompt", "image"], upstream.Asked.Select(asked => asked.Split(' ')[0]));
        var seconds = (await world.SessionAsync(reseller, session.Id)).GetProperty("seconds").GetDecimal();
        Assert.InRange(upstream.Truth.SpanMilliseconds!.Value / 1000m - seconds, -0.25m, 0.25m);
        Books.AssertClosed(await Books.OfAsync(world.Database, session.Id));
    }

    [Fact]
    public async Task A_client_of_dialect_A_is_served_by_a_provider_of_dialect_C()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("http-from-a", Script.Begin);

        await using var client = await world.ConnectAsync(reseller.Key, "http-from-a", world.NewAddress());
        await client.SendAsync("""{"type":"set_image","image_data":null,"prompt":null}""");
        await client.ExpectAsync("set_image_ack");
        await client.OfferAsync();
        await client.ExpectAsync("session_id");
        await client.ExpectAsync("answer");
        await client.ExpectAsync("ice-candidate");
        await client.SendAsync("""{"type":"prompt","prompt":"something \"forbidden\"","enhance_prompt":true}""");
        var refused = JsonElement.Parse((await client.ExpectAsync("prompt_ack")).Text);
        var upstream = await world.UpstreamAsync("http-from-a");

        Assert.Equal(("something \"forbidden\"", false, "content policy"),
            (refused.GetProperty("prompt").GetString(), refused.GetProperty("success").GetBoolean(), refused.GetProperty("error").GetString()));
        upstream.End();
        var farewell = await client.FarewellAsync();
        Assert.Equal(1000, farewell.Code);
        await world.EndOfAsync(reseller, client.Session!);
    }

    [Theory]
    [InlineData("http-end-credits", "Insufficient credits", "provider_refused", "insufficient_credits")]
    [InlineData("http-end-content", "content policy", "moderation_violation", "moderation_violation")]
    [InlineData("http-end-duration", "session duration limit", "provider_timeout", "timeout")]
    [InlineData("http-end-trouble", "the node is on fire", "provider_error", "error")]
    [InlineData("http-end", null, "completed", null)]
    public async Task A_provider_of_dialect_C_that_ends_a_session_ends_it_for_the_reason_that_it_gave_last(string model, string? error, string close, string? reason)
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play(model, Script.Begin);
        await using var client = await world.ConnectAsync(reseller.Key, model, world.NewAddress());
        await client.OfferAsync();
        await client.ExpectAsync("ice-candidate");
        var upstream = await world.UpstreamAsync(model);

        if (error is not null)
            upstream.Tell("error", JsonSerializer.Serialize(new { title = "Over", detail = error }));
        upstream.End();
        var farewell = await client.FarewellAsync();

        Assert.Equal(1000, farewell.Code);
        Assert.Equal(close, await world.EndOfAsync(reseller, client.Session!));
        var ended = client.All.Where(heard => heard.Type == "generation_ended").Select(heard => JsonElement.Parse(heard.Bytes).GetProperty("reason").GetString()).ToList();
        Assert.Equal(reason is null ? [] : [reason], ended);
        Books.AssertClosed(await Books.OfAsync(world.Database, client.Session!));
    }

    [Theory]
    [InlineData("http-full", 1013, HttpStatusCode.ServiceUnavailable)]
    [InlineData("http-closed", 1008, HttpStatusCode.BadGateway)]
    public async Task A_provider_of_dialect_C_that_opens_no_session_is_told_as_a_socket_would_be(string model, int code, HttpStatusCode status)
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play(model, Script.Begin.Error("Not now.").Close(code));

        await using var client = await world.ConnectAsync(reseller.Key, model, world.NewAddress());
        await client.OfferAsync();
        await client.ExpectAsync("error");
        var farewell = await client.FarewellAsync();
        using var http = world.Http(reseller.Key);
        using var answer = await http.PostAsJsonAsync("/v1/sessions", new { model, sdp = HttpWorld.Offer });

        Assert.Equal(code, farewell.Code);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task The_quota_is_that_of_our_own_limits()
    {
        var parent = await world.NewTenantAsync(maxSessions: 3);
        var (child, other) = (await world.NewTenantAsync(parent.Id, maxSessions: 5), await world.NewTenantAsync(parent.Id));
        world.Provider.Play("test-c-quota", Script.Begin.SendSessionId().Expect("offer"));
        using var one = await world.OpenAsync(child.Key, "test-c-quota", "/v1/realtime/sessions");
        using var two = await world.OpenAsync(other.Key, "test-c-quota", "/v1/realtime/sessions");

        Assert.Equal("{\"limit\":5,\"active\":1,\"remaining\":1}", await QuotaAsync(child));
        Assert.Equal("{\"limit\":2,\"active\":1,\"remaining\":1}", await QuotaAsync(other));
        Assert.Equal("{\"limit\":3,\"active\":2,\"remaining\":1}", await QuotaAsync(parent));
    }

    private async Task<string> QuotaAsync(Reseller reseller)
    {
        using var http = world.Http(reseller.Key);
        return await http.GetStringAsync("/v1/realtime/quota");
    }
}
