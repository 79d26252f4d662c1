using System.Net;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Deploy;

/// <summary>The proxy that ships, before a real gateway and before stubs. It needs HAProxy, so ./test says where it was not run.</summary>
[Trait("Category", "Slow"), Trait("Needs", "HAProxy")]
public class EdgeTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    private static readonly string[] Told = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Original-For", "X-Real-IP", "Forwarded"];

    private static readonly string[] Paths = ["/v1/stream HTTP", "/v1/sessions HTTP", "/v1/nothing/here HTTP", "/v1/usage HTTP", "/v1/charge HTTP"];

    [Fact]
    public async Task A_session_passes_and_no_query_of_anybody_is_logged()
    {
        var reseller = await world.NewTenantAsync();
        await using var edge = await Edge.StartAsync(world.Gateway.Address);
        var stream = new UriBuilder(world.StreamFor(reseller.Key, "sim-demo")) { Scheme = "wss", Host = edge.Address.Host, Port = edge.Address.Port }.Uri;

        await using (var client = await StreamClient.ConnectAsync(stream, edge.Http))
        {
            await client.OfferAsync();
            await client.TicksAsync(2);
            await client.CloseAsync();
            Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!));
        }

        await edge.Http.GetAsync($"/v1/sessions?api_key={reseller.Key}");
        await edge.Http.GetAsync($"/v1/nothing/here?api_key={reseller.Key}");
        foreach (var request in new[]
        {
            $"GET /v1/stream?api_key={reseller.Key} HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n",
            $"GET /v1/stream?api_key={reseller.Key} HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
            $"GET https://{reseller.Key}@x/v1/usage?api_key={reseller.Key} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            $"GET /v1/stream?api_key={reseller.Key}&{new string('x', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n",
            $"{reseller.Key} /v1/stream?{reseller.Key}\r\n\r\n",
            $"GET /v1/stream?api_key={reseller.Key}\r\n\r\n",
            $"GET /v1/charge HTTP/1.1\r\nHost: x\r\nX-API-KEY: {reseller.Key}\r\nReferer: https://x/?api_key={reseller.Key}\r\nConnection: close\r\n\r\n",
        })
            await edge.AskAsync(request);

        var log = await Eventually.SeesAsync(
            "every request is in the log", () => Task.FromResult(edge.Log), log => Paths.All(path => log.Contains(path, StringComparison.Ordinal)));
        Assert.Contains(" 101 ", log, StringComparison.Ordinal);
        Assert.All([reseller.Key, reseller.Key[4..28], "api_key", "?"], secret => Assert.DoesNotContain(secret, log, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_client_cannot_say_where_it_comes_from()
    {
        await using var node = await StubNode.StartAsync();
        await using var edge = await Edge.StartAsync(node.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/sessions");
        foreach (var name in Told)
            request.Headers.TryAddWithoutValidation(name, "203.0.113.9");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", "203.0.113.10");

        using var answer = await edge.Http.SendAsync(request);

        var seen = Assert.Single(node.Requests).Where(header => Told.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal);
        Assert.Equal(["x-forwarded-for: 127.0.0.1", "x-forwarded-proto: https"], seen);
    }

    [Theory]
    [InlineData("/healthz/ready")]
    [InlineData("/healthz/live?x=1")]
    [InlineData("/HEALTHZ/ready")]
    [InlineData("/dashboard")]
    [InlineData("/dashboard/index.html")]
    public async Task How_a_node_is_stays_inside(string path)
    {
        await using var node = await StubNode.StartAsync();
        await using var edge = await Edge.StartAsync(node.Address);

        using var answer = await edge.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(node.Requests);
    }

    [Fact]
    public async Task A_node_that_is_not_ready_gets_nobody_new_and_keeps_whom_it_has()
    {
        await using var draining = await StubNode.StartAsync();
        await using var edge = await Edge.StartAsync(draining.Address);
        var stream = new UriBuilder(edge.Address) { Scheme = "wss", Path = "/v1/stream" }.Uri;
        await using var client = await StreamClient.ConnectAsync(stream, edge.Http);
        Assert.Equal(HttpStatusCode.OK, (await edge.Http.GetAsync("/edge/ready")).StatusCode);

        draining.IsReady = false;
        await Eventually.IsAsync("the edge is not ready either", async () => (await edge.Http.GetAsync("/edge/ready")).StatusCode is HttpStatusCode.ServiceUnavailable);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await edge.Http.GetAsync("/v1/sessions")).StatusCode);
        Assert.Equal(1, draining.Sockets);
        await client.SendAsync("""{"type":"still here"}""");
        await client.ExpectAsync("still here");
    }
}
