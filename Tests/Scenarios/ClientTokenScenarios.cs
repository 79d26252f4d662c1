using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Client tokens in the provider's own shape, and what they are good for.</summary>
public class ClientTokenScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string Path = "/v1/client/tokens";

    public static TheoryData<string, string> Refused => new()
    {
        { "body",               "[]" },
        { "body",               "{" },
        { "body",               "{\"expiresIn\":5} {}" },
        { "body",               "{\"allowedModels\":[\"\\ud800\"]}" },
        { "body",               "{\"allowedModels\":[\"\u00ff\"]}" },
        { "body",               "{\"metadata\":{\"a\":\"\u00ff\"}}" },
        { "body",               "{\"metadata\":{\"a\":\"\\udc00\"}}" },
        { "expiresIn",          "{\"expiresIn\":0}" },
        { "expiresIn",          "{\"expiresIn\":3601}" },
        { "expiresIn",          "{\"expiresIn\":1.5}" },
        { "expiresIn",          "{\"expiresIn\":\"60\"}" },
        { "allowedModels",      "{\"allowedModels\":\"mirage\"}" },
        { "allowedModels",      "{\"allowedModels\":[\"\"]}" },
        { "allowedModels",      $"{{\"allowedModels\":[{string.Join(',', Enumerable.Repeat("\"m\"", 21))}]}}" },
        { "allowedOrigins",     "{\"allowedOrigins\":[1]}" },
        { "allowedOrigins",     $"{{\"allowedOrigins\":[\"{new string('o', 201)}\"]}}" },
        { "constraints",        "{\"constraints\":5}" },
        { "realtime",           "{\"constraints\":{\"realtime\":[]}}" },
        { "maxSessionDuration", "{\"constraints\":{\"realtime\":{\"maxSessionDuration\":9}}}" },
        { "maxSessionDuration", "{\"constraints\":{\"realtime\":{\"maxSessionDuration\":86401}}}" },
        { "metadata",           "{\"metadata\":[]}" },
        { "metadata",           "{\"metadata\":{\"a\":\"\\u0000\"}}" },
        { "metadata",           "{\"metadata\":{\"\\u0000\":1}}" },
        { "metadata",           "{\"metadata\":{\"a\":[1e400000]}}" },
        { "metadata",           "{\"metadata\":{\"a\":1e-99999}}" },
        { "metadata",           $"{{\"metadata\":{{\"a\":\"{new string('x', 2048)}\"}}}}" },
    };

    public static TheoryData<string> Accepted => new()
    {
        "",
        "{}",
        "{\"expiresIn\":null,\"allowedModels\":null,\"allowedOrigins\":null,\"constraints\":null,\"metadata\":null}",
        "{\"expiresIn\":1,\"unknown\":{\"of\":\"later\"}}",
        "{\"expiresIn\":3600,\"constraints\":{\"realtime\":{}}}",
        $"{{\"allowedModels\":[{string.Join(',', Enumerable.Repeat("\"m\"", 20))}]}}",
        "{\"metadata\":{\"a\":\"\\\\u0000 \\ud83d\\ude00\",\"n\":1e308,\"deep\":[[[[{}]]]]}}",
        "{\"constraints\":{\"realtime\":{\"maxSessionDuration\":10}}}",
    };

    [Fact]
    public async Task The_answer_is_the_providers_byte_for_byte()
    {
        var reseller = await world.NewTenantAsync();
        var before = TimeProvider.System.GetUtcNow();

        using var answer = await PostAsync(reseller.Key, """
            {"expiresIn":300,"allowedModels":["sim-idle","sim-demo"],"allowedOrigins":["https://shop.example"],
             "constraints":{"realtime":{"maxSessionDuration":30}},"metadata":{"user_id":"u1"}}
            """);

        var text = await answer.Content.ReadAsStringAsync();
        var (token, expires) = (JsonElement.Parse(text).GetProperty("apiKey").GetString()!, JsonElement.Parse(text).GetProperty("expiresAt").GetString()!);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            """{"apiKey":"TOKEN","expiresAt":"EXPIRES","permissions":{"models":["sim-idle","sim-demo"],"origins":["https://shop.example"]},"""
            + "\"constraints\":{\"realtime\":{\"maxSessionDuration\":30}}}",
            text.Replace(token, "TOKEN", StringComparison.Ordinal).Replace(expires, "EXPIRES", StringComparison.Ordinal));
        Assert.StartsWith("ek_", token, StringComparison.Ordinal);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$", expires);
        Assert.InRange(DateTimeOffset.Parse(expires), before.AddSeconds(299), TimeProvider.System.GetUtcNow().AddSeconds(301));
    }

    [Fact]
    public async Task Without_a_body_a_token_lasts_a_minute_and_is_bound_to_nothing()
    {
        var reseller = await world.NewTenantAsync();
        var before = TimeProvider.System.GetUtcNow();

        using var http = world.Http(reseller.Key);
        using var answer = await http.PostAsync(Path, content: null);

        var body = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(["apiKey", "expiresAt", "permissions", "constraints"], body.EnumerateObject().Select(member => member.Name));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (body.GetProperty("permissions").ValueKind, body.GetProperty("constraints").ValueKind));
        Assert.InRange(body.GetProperty("expiresAt").GetDateTimeOffset(), before.AddSeconds(59), TimeProvider.System.GetUtcNow().AddSeconds(61));
    }

    [Theory, MemberData(nameof(Refused))]
    public async Task What_is_out_of_bounds_is_named(string field, string body)
    {
        using var answer = await PostAsync(world.Someone.Key, body);

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
        var errors = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors");
        Assert.Equal([field], errors.EnumerateObject().Select(error => error.Name));
    }

    [Theory, MemberData(nameof(Accepted))]
    public async Task What_is_within_bounds_makes_a_token_that_opens_a_session(string body)
    {
        using var answer = await PostAsync(world.Someone.Key, body);

        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var token = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("apiKey").GetString()!;
        await using var client = await world.ConnectAsync(token, body.Contains("\"m\"", StringComparison.Ordinal) ? "m" : "sim-idle", world.NewAddress());
        if (!body.Contains("\"m\"", StringComparison.Ordinal))
            await client.ExpectAsync("generation_started");
    }

    [Fact]
    public async Task A_token_that_no_address_could_carry_is_not_made()
    {
        var origins = Enumerable.Range(0, 20).Select(i => $"https://{new string('o', 180)}{i:00}");
        using var answer = await PostAsync(world.Someone.Key, JsonSerializer.Serialize(new { allowedOrigins = origins, allowedModels = origins }));

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
    }

    [Fact]
    public async Task A_body_beyond_16_KiB_is_not_read()
    {
        using var answer = await PostAsync(world.Someone.Key, $"{{\"x\":\"{new string('x', 17 * 1024)}\"}}");

        await RawHttp.AssertProblemAsync(HttpStatusCode.RequestEntityTooLarge, "body_too_large", answer);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-8")]
    public async Task What_is_json_is_read_whatever_it_is_called(string contentType)
    {
        using var answer = await PostAsync(world.Someone.Key, "{\"expiresIn\":5}", contentType);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("X-API-KEY", "{0}", "")]
    [InlineData("x-api-key", "{0}", "")]
    [InlineData("Authorization", "Bearer {0}", "")]
    [InlineData("Authorization", "bearer  {0}", "")]
    [InlineData("Accept", "*/*", "?api_key={0}")]
    public async Task The_key_may_come_in_each_of_the_ways_that_clients_send_it(string header, string value, string query)
    {
        var key = world.Someone.Key;
        using var http = WatchedHttp.At(world.Gateway.Address);
        http.DefaultRequestHeaders.TryAddWithoutValidation(header, string.Format(null, value, key));

        using var minted = await http.PostAsync(Path + string.Format(null, query, key), content: null);
        using var upgraded = await RawHttp.UpgradeAsync(http, $"/v1/stream?model=sim-idle{string.Format(null, query, key).Replace('?', '&')}");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.SwitchingProtocols), (minted.StatusCode, upgraded.StatusCode));
        Assert.True(upgraded.Headers.Contains("X-Session-Id"));
    }

    [Theory]
    [InlineData("POST", Path)]
    [InlineData("GET", "/v1/sessions")]
    [InlineData("GET", "/v1/sessions/0123456789abcdef0123456789abcdef")]
    [InlineData("GET", "/v1/sessions/0123456789abcdef0123456789abcdef/timeline")]
    [InlineData("DELETE", "/v1/sessions/0123456789abcdef0123456789abcdef")]
    public async Task A_token_opens_sessions_and_nothing_else(string method, string path)
    {
        using var http = world.Http(await world.MintAsync(world.Someone.Key));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var (name, value) = world.NewAddress();
        request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);

        await RawHttp.AssertProblemAsync(HttpStatusCode.Forbidden, "token_not_allowed", answer);
    }

    [Fact]
    public async Task A_session_lasts_no_longer_than_its_token_says()
    {
        var reseller = world.Someone;
        var token = world.Forge(new Credential.ClientToken(
            reseller.KeyId, TimeProvider.System.GetUtcNow().AddMinutes(1), null, null, MaxSessionDuration: TimeSpan.FromSeconds(1), null));

        await using var client = await world.ConnectAsync(token, "sim-idle", world.NewAddress());
        var farewell = await client.FarewellAsync();

        Assert.Equal((4004, "Session duration limit reached"), (farewell.Code, farewell.Reason));
        Assert.Equal("duration_limit", await world.EndOfAsync(reseller, client.Session!));
    }

    [Fact]
    public async Task A_running_session_outlives_its_token()
    {
        var reseller = world.Someone;
        var expires = TimeProvider.System.GetUtcNow().AddSeconds(3);
        var token = world.Forge(new Credential.ClientToken(reseller.KeyId, expires, null, null, null, null));
        await using var client = await world.ConnectAsync(token, "sim-demo", world.NewAddress());
        await client.OfferAsync();

        await Eventually.IsAsync("the token is past its time", () => Task.FromResult(TimeProvider.System.GetUtcNow() > expires));

        await client.TicksAsync(1);
        Assert.False(client.Over.IsCompleted);
    }

    [Fact]
    public async Task The_tokens_user_and_metadata_stand_on_the_session()
    {
        var reseller = world.Someone;
        var token = await world.MintAsync(reseller.Key, new { metadata = new { user_id = "ünal-7", plan = new { tier = 2 } } });

        await using var client = await world.ConnectAsync(token, "sim-idle", world.NewAddress());
        await client.ExpectAsync("generation_started");

        var session = await world.SessionAsync(reseller, client.Session!);
        Assert.Equal("ünal-7", session.GetProperty("endUser").GetString());
        Assert.Equal(2, session.GetProperty("metadata").GetProperty("plan").GetProperty("tier").GetInt32());
    }

    private async Task<HttpResponseMessage> PostAsync(string key, string body, string contentType = "application/json")
    {
        using var http = world.Http(key);
        // One byte per character, so that a row can hold what is no UTF-8.
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        return await http.PostAsync(Path, content);
    }
}
