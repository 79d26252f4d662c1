using System.Net;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What no decent client sends, and what every answer of ours has in common.</summary>
public class EdgeScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string End = "Host: edge\r\nConnection: close\r\n\r\n";
    private const string Switch = "Host: edge\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// <summary>Refused by the server before any code of ours, and therefore without a problem in the body.</summary>
    public static TheoryData<string, int, string> Malformed => new()
    {
        { "an address of 9 KB",        414, $"GET /v1/stream?model={new string('m', 9_000)} HTTP/1.1\r\n{End}" },
        { "headers of 20 KB",          431, $"GET /healthz/live HTTP/1.1\r\nX-Much: {new string('h', 20_000)}\r\n{End}" },
        { "200 headers",               431, $"GET /healthz/live HTTP/1.1\r\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: 1\r\n"))}{End}" },
        { "a NUL in the path",         400, $"GET /v1/\0 HTTP/1.1\r\n{End}" },
        { "an encoded NUL in it",      400, $"GET /v1/%00 HTTP/1.1\r\n{End}" },
        { "a NUL in a header",         400, $"GET /healthz/live HTTP/1.1\r\nX-API-KEY: a\0b\r\n{End}" },
        { "no UTF-8 in a header",      400, $"GET /healthz/live HTTP/1.1\r\nX-API-KEY: \u00ff\u00fe\r\n{End}" },
        { "no host",                   400, "GET /healthz/live HTTP/1.1\r\nConnection: close\r\n\r\n" },
        { "two lengths",               400, $"POST /v1/client/tokens HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n{End}" },
        { "a broken header line",      400, $"GET /healthz/live HTTP/1.1\r\nno colon\r\n{End}" },
        { "a method of odd letters",   400, $"G\u00e4T /healthz/live HTTP/1.1\r\n{End}" },
        { "another protocol",          400, "SSH-2.0-edge\r\n\r\n" },
        { "the next version",          505, $"GET /healthz/live HTTP/3.0\r\n{End}" },
    };

    public static TheoryData<string, HttpStatusCode, string> Problems => new()
    {
        { "GET /",                                                  HttpStatusCode.NotFound,            "not_found" },
        { "GET /v1/nothing?api_key=x",                              HttpStatusCode.NotFound,            "not_found" },
        { "GET /v1/stream/",                                        HttpStatusCode.UpgradeRequired,     "upgrade_required" },
        { "GET /v1/stream?model=sim-idle",                          HttpStatusCode.UpgradeRequired,     "upgrade_required" },
        { "GET /V1/%73tream",                                       HttpStatusCode.UpgradeRequired,     "upgrade_required" },
        { "POST /v1/stream",                                        HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "DELETE /v1/sessions",                                    HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "GET /v1/client/tokens",                                  HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "PUT /v1/sessions/0123456789abcdef0123456789abcdef",      HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "TRACE /v1/sessions",                                     HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "BREW /healthz/live",                                     HttpStatusCode.MethodNotAllowed,    "method_not_allowed" },
        { "GET /v1/sessions?limit=many",                            HttpStatusCode.BadRequest,          "bad_request" },
        { "GET /v1/sessions?live=perhaps",                          HttpStatusCode.BadRequest,          "bad_request" },
        { "GET /v1/sessions?limit=0",                               HttpStatusCode.UnprocessableEntity, "validation_failed" },
        { "GET /v1/sessions?limit=201",                             HttpStatusCode.UnprocessableEntity, "validation_failed" },
        { "GET /v1/sessions?limit=99999999999999999999",            HttpStatusCode.BadRequest,          "bad_request" },
        { "GET /v1/sessions?before=%00",                            HttpStatusCode.UnprocessableEntity, "validation_failed" },
        { "GET /v1/sessions/%ff%fe",                                HttpStatusCode.NotFound,            "session_not_found" },
        { "GET /v1/sessions/..%2f..%2fetc",                         HttpStatusCode.NotFound,            "session_not_found" },
        { "GET /v1/sessions/x/timeline?after=-1",                   HttpStatusCode.UnprocessableEntity, "validation_failed" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public async Task What_is_no_request_is_refused_by_number_and_told_nothing(string what, int status, string request)
    {
        var answer = await RawHttp.AskAsync(world.Gateway.Address, request);

        Assert.True(status == RawHttp.StatusOf(answer), $"{what}: {answer}");
        AssertSaysNothingOfUs(answer);
        using var http = WatchedHttp.At(world.Gateway.Address);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz/live")).StatusCode);
    }

    [Theory, MemberData(nameof(Problems))]
    public async Task What_cannot_be_answered_is_a_problem_with_a_stable_code(string request, HttpStatusCode status, string code)
    {
        using var http = world.Http(world.Someone.Key);
        // A browser's wish for a page changes nothing.
        foreach (var accept in new[] { "application/json", "text/html" })
        {
            using var message = new HttpRequestMessage(new HttpMethod(request.Split(' ')[0]), request.Split(' ')[1]);
            message.Headers.Accept.ParseAdd(accept);
            using var answer = await http.SendAsync(message);

            await RawHttp.AssertProblemAsync(status, code, answer);
            AssertSaysNothingOfUs(answer + await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Whoever_should_upgrade_is_told_to_what()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var answer = await http.GetAsync("/v1/stream");

        Assert.Equal("websocket", answer.Headers.Upgrade.Single().Name);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12")]
    [InlineData("dGhlIHNhbXBsZSBub25jZQ==", "short")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c")]
    public async Task Half_an_upgrade_is_none(string part, string instead)
    {
        var answer = await RawHttp.AskAsync(world.Gateway.Address, $"GET /v1/stream?model=sim-idle HTTP/1.1\r\n{Switch.Replace(part, instead, StringComparison.Ordinal)}");

        Assert.True(RawHttp.StatusOf(answer) is 426, answer);
    }

    [Theory]
    [InlineData("%00%01%ed%a0%80%ff")]
    [InlineData("%F0%9F%98%80")]
    public async Task Odd_words_of_one_client_harm_neither_its_session_nor_anybody_elses(string agent)
    {
        var (odd, neighbour) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        // 255 letters before it, so that what is cut off is half of a character.
        var address = new Uri(world.StreamFor(odd.Key, "sim-idle").AbsoluteUri + $"&user_agent={agent}{new string('a', 255 - 6)}{agent}&%00=%00");

        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => i % 2 == 0
            ? StreamClient.ConnectAsync(address, reads: true, world.NewAddress())
            : world.ConnectAsync(neighbour.Key, "sim-idle", world.NewAddress())));

        foreach (var client in clients)
        {
            await client.ExpectAsync("generation_started");
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Forwarded_addresses_count_from_trusted_proxies_only()
    {
        var reseller = await world.NewTenantAsync();
        var wary = await world.StartGatewayAsync(("TrustedProxies:0", "10.0.0.0/8"));
        (string, string) forged = ("X-Forwarded-For", "203.0.113.9");

        await using var believed = await world.ConnectAsync(reseller.Key, "sim-idle", forged);
        await using var doubted = await StreamClient.ConnectAsync(world.StreamFor(reseller.Key, "sim-idle", wary), reads: true, forged);
        await using var chained = await world.ConnectAsync(reseller.Key, "sim-idle", ("X-Forwarded-For", "203.0.113.9, 198.51.100.250"));
        foreach (var client in new[] { believed, doubted, chained })
            await client.ExpectAsync("generation_started");

        Assert.Equal("203.0.113.9", await AddressOfAsync(believed));
        Assert.Equal("127.0.0.1", await AddressOfAsync(doubted));
        Assert.Equal("198.51.100.250", await AddressOfAsync(chained));
    }

    [Fact, Trait("Category", "Slow")]
    public async Task Headers_that_never_end_are_waited_for_ten_seconds()
    {
        var since = TimeProvider.System.GetTimestamp();

        var answer = await RawHttp.AskAsync(world.Gateway.Address, "GET /healthz/live HTTP/1.1\r\nHost: edge\r\nX-Slow: ");

        Assert.True(RawHttp.StatusOf(answer) is 408 or 0, answer);
        Assert.InRange(TimeProvider.System.GetElapsedTime(since), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(18));
    }

    [Fact]
    public async Task An_api_answer_names_neither_the_server_nor_its_parts()
    {
        using var http = world.Http(world.Someone.Key);
        foreach (var path in new[] { "/healthz/live", "/healthz/ready", "/v1/sessions" })
        {
            using var answer = await http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            AssertSaysNothingOfUs(answer.ToString());
            Assert.Equal(JsonValueKind.Object, JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).ValueKind);
        }
    }

    private static void AssertSaysNothingOfUs(string answer)
    {
        Assert.DoesNotContain("Server:", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("X-Powered-By", answer, StringComparison.OrdinalIgnoreCase);
        foreach (var word in new[] { "   at ", "Exception", "Kestrel", "Microsoft", "Npgsql", "Orchestrator." })
            Assert.DoesNotContain(word, answer, StringComparison.Ordinal);
    }

    private Task<string> AddressOfAsync(StreamClient client) =>
        world.Database.ReadAsync<string>("SELECT client_address FROM session WHERE id = $1", Guid.Parse(client.Session!));
}
