using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A session as it is meant to go, from its request to its bill.</summary>
public class SessionScenarios(World world) : IClassFixture<World>
{
    /// <summary>A provider that counts faster than the clock is believed for two seconds at most, so the counts here stay below.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_session_is_claimed_relayed_metered_priced_and_recorded()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-whole", Script.Begin
            .SendSessionId().Status("Entering queue").Queue(2, 5).Expect("offer").GenerationStarted()
            .Ticks(3, Beat, from: 0.5m, step: 0.5m).GenerationEnded("disconnect").Close(1000, "bye"));

        await using var client = await world.ConnectAsync(reseller.Key, "test-whole");
        await client.OfferAsync();
        var farewell = await client.FarewellAsync();

        Assert.Equal((1000, "bye"), (farewell.Code, farewell.Reason));
        Assert.Equal("completed", await world.EndOfAsync(reseller, client.Session!));
        var session = await world.SessionAsync(reseller, client.Session!);
        Assert.Equal(1.5m, session.GetProperty("seconds").GetDecimal());
        Assert.Equal(40_000, session.GetProperty("charge").GetProperty("micros").GetInt64());
        Assert.Equal("waiting", session.GetProperty("nodeStatus").GetString());
        Books.AssertClosed(await Books.OfAsync(world.Database, client.Session!));
    }

    [Fact]
    public async Task Every_frame_travels_as_it_is_in_order_both_ways()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-echo", Script.Begin.Echo());
        await using var client = await world.ConnectAsync(reseller.Key, "test-echo");
        var sent = Enumerable.Range(0, 200).Select(i => (
            Kind: i % 3 == 0 ? WebSocketMessageType.Binary : WebSocketMessageType.Text,
            Bytes: i % 3 == 0 ? new byte[i * 37] : System.Text.Encoding.UTF8.GetBytes($"{{ \"type\" : \"x{i}\" ,\"ü\":\"\\u00fc\"}} {new string('y', i * 11)}"))).ToList();

        foreach (var (kind, bytes) in sent)
            await client.SendAsync(kind, bytes);

        foreach (var (kind, bytes) in sent)
        {
            var heard = await client.NextAsync();
            Assert.Equal(kind, heard.Kind);
            Assert.Equal(bytes, heard.Bytes);
        }
    }

    [Fact]
    public async Task The_provider_hears_our_key_and_never_the_clients()
    {
        var reseller = await world.NewTenantAsync();

        var (client, upstream) = await world.OpenAsync(reseller, "sim-idle");
        await using var _ = client;

        Assert.Contains(Uri.EscapeDataString(world.Provider.ApiKey), upstream.QueryString, StringComparison.Ordinal);
        Assert.DoesNotContain(reseller.Key, upstream.QueryString + string.Join('\n', upstream.Headers), StringComparison.Ordinal);
        Assert.DoesNotContain(client.All, heard => heard.Text.Contains(world.Provider.ApiKey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ending_a_session_by_the_api_ends_the_providers_too()
    {
        var reseller = await world.NewTenantAsync();
        var (client, upstream) = await world.OpenAsync(reseller, "sim-demo");
        await using var _ = client;
        await client.OfferAsync();
        await client.ExpectAsync("generation_started");

        using var http = world.Http(reseller.Key);
        var answer = await http.DeleteAsync($"/v1/sessions/{client.Session}");

        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        Assert.Equal(4002, (await client.FarewellAsync()).Code);
        Assert.Equal(1000, (await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(5))).Code);
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, client.Session!));
    }
}
