using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>How many sessions a process has is for operators: on a port of its own, or not at all.</summary>
public class HealthScenarios(HealthScenarios.WithPrivatePort world) : IClassFixture<HealthScenarios.WithPrivatePort>
{
    /// <summary>A gateway that listens on two ports, one of them private, and believes what a proxy on this machine forwards.</summary>
    public sealed class WithPrivatePort : World
    {
        /// <summary>The private one.</summary>
        public int Port { get; } = FreePort();

        /// <inheritdoc/>
        protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>
        {
            ["urls"] = $"http://127.0.0.1:0;http://127.0.0.1:{Port}",
            ["PrivatePort"] = $"{Port}",
            ["TrustedProxies:0"] = "127.0.0.0/8",
        };

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }

    [Fact]
    public async Task An_operator_sees_how_many_sessions_a_process_has()
    {
        var (open, limited) = (await world.NewTenantAsync(), await world.NewTenantAsync(maxSessionSeconds: 600));
        await using var one = await world.ConnectAsync(open.Key, "sim-idle");
        await using var other = await world.ConnectAsync(limited.Key, "sim-idle");
        foreach (var client in new[] { one, other })
            await client.ExpectAsync("generation_started");

        // A session that is not known to be ready yet may still wait before its time begins.
        var attached = await Eventually.SeesAsync("both sessions are ready, and one of them has ten minutes", AttachedAsync, seen =>
            seen.GetProperty("sessions").GetInt32() == 2 && seen.GetProperty("lastKnownEnd").GetDateTimeOffset() <= TimeProvider.System.GetUtcNow().AddSeconds(601));

        Assert.Equal((2, 0, false, 1), (attached.GetProperty("sessions").GetInt32(), attached.GetProperty("clients").GetInt32(),
            attached.GetProperty("draining").GetBoolean(), attached.GetProperty("withoutKnownEnd").GetInt32()));
        Assert.Equal(JsonValueKind.Null, attached.GetProperty("drainsUntil").ValueKind);
        await one.CloseAsync();
        await other.CloseAsync();
        await Eventually.SeesAsync("nothing is attached", AttachedAsync, seen => seen.GetProperty("sessions").GetInt32() == 0);
    }

    [Fact]
    public async Task Nothing_that_a_request_or_a_proxy_says_makes_the_public_port_private()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        (string Name, string Value)[] claims =
        [
            ("Host", $"127.0.0.1:{world.Port}"), ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", $"127.0.0.1:{world.Port}"),
            ("X-Forwarded-Port", $"{world.Port}"), ("X-Forwarded-Proto", "https"), ("Forwarded", $"for=127.0.0.1;host=\"127.0.0.1:{world.Port}\""),
        ];

        using var absent = await http.GetAsync("/healthz/absent");
        var expected = await absent.Content.ReadAsStringAsync();
        foreach (var claim in claims.Select(claim => new[] { claim }).Append(claims).Append([]))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz/sessions");
            foreach (var (name, value) in claim)
                request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await http.SendAsync(request);

            await RawHttp.AssertProblemAsync(HttpStatusCode.NotFound, "not_found", answer);
            Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Without_proxies_in_the_configuration_nobody_is_believed()
    {
        var reseller = await world.NewTenantAsync();
        var plain = await world.StartGatewayAsync(("urls", "http://127.0.0.1:0"), ("TrustedProxies:0", "192.0.2.0/24"), ("PrivatePort", ""));
        using var http = WatchedHttp.At(plain.Address);

        await using var client = await StreamClient.ConnectAsync(world.StreamFor(reseller.Key, "sim-idle", plain), reads: true, ("X-Forwarded-For", "203.0.113.9"));
        await client.ExpectAsync("generation_started");

        Assert.Equal("127.0.0.1", await world.Database.ReadAsync<string>("SELECT client_address FROM session WHERE id = $1", Guid.Parse(client.Session!)));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/healthz/sessions")).StatusCode);
    }

    private async Task<JsonElement> AttachedAsync()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{world.Port}") };
        return JsonElement.Parse(await http.GetByteArrayAsync("/healthz/sessions"));
    }
}
