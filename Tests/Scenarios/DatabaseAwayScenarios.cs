using System.Net;
using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The database crashes under load and comes back: nobody who is connected notices, and nothing is missing afterwards.</summary>
[Trait("Category", "Slow")]
public class DatabaseAwayScenarios(OwnDatabaseWorld world, ITestOutputHelper output) : IClassFixture<OwnDatabaseWorld>
{
    private const int Sessions = 50;
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Twenty_seconds_without_a_database_cost_no_session_and_no_second()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-away", Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        world.Provider.Play("test-away-ends", Script.Begin.SendSessionId().GenerationStarted()
            .Ticks(100, Beat, from: 0.1m, step: 0.1m).GenerationEnded("timeout").Close(1000));
        var clients = await Task.WhenAll(Enumerable.Range(0, Sessions).Select(_ => world.ConnectAsync(reseller.Key, "test-away")));
        var ending = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => world.ConnectAsync(reseller.Key, "test-away-ends")));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(20)));

        // While it is away: ticks flow, who ends ends, who comes is sent away, and the process says that it is not ready.
        var since = TimeProvider.System.GetTimestamp();
        await world.Postgres.CrashAsync();
        await using var refused = await world.ConnectAsync(reseller.Key, "test-away");
        var refusal = await refused.FarewellAsync();
        await Eventually.IsAsync("the gateway is not ready", async () => await HealthAsync("ready") is HttpStatusCode.ServiceUnavailable);
        var live = await HealthAsync("live");
        await using var unknown = await world.ConnectAsync("ork_made-while-the-database-was-away", "test-away");
        using var api = world.Http(reseller.Key);
        using var answer = await api.GetAsync("/v1/sessions");
        using var minted = await api.PostAsync("/v1/client/tokens", content: null);
        var farewells = await Task.WhenAll(ending.Select(client => client.FarewellAsync()));
        await Eventually.IsAsync("20 s are over", () => Task.FromResult(TimeProvider.System.GetElapsedTime(since) >= Away), TimeSpan.FromSeconds(30));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(10)));
        Assert.Equal(HttpStatusCode.OK, live);
        Assert.Equal(4112, refusal.Code);
        Assert.Equal(4112, (await unknown.FarewellAsync()).Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("storage_unavailable", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await RawHttp.AssertProblemAsync(HttpStatusCode.ServiceUnavailable, "storage_unavailable", minted);
        Assert.All(farewells, farewell => Assert.Equal(1000, farewell.Code));

        var back = TimeProvider.System.GetTimestamp();
        await world.Postgres.GoOnAsync();
        world.Database.Owner.Clear(); // the test's own connections died too
        await Eventually.IsAsync("the gateway is ready again", async () => await HealthAsync("ready") is HttpStatusCode.OK, TimeSpan.FromSeconds(30));
        Assert.All(clients, client => Assert.Equal(WebSocketState.Open, client.Socket.State));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(10)));
        var atUtc = TimeProvider.System.GetUtcNow();
        await Task.WhenAll(clients.Select(client => client.CloseAsync()));
        StreamClient[] all = [.. clients, .. ending];
        var books = await Eventually.SeesAsync(
            "all sessions ended in the books", () => Books.OfAsync(world.Database, all), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));

        // All that the provider sent before our goodbye is there; what crossed it on the way was never ours.
        var audit = Audit.Of(books, world.Provider, TimeProvider.System.GetTimestamp(), atUtc);
        output.WriteLine($"figure: PostgreSQL away for {Away.TotalSeconds} s, back and caught up in {TimeProvider.System.GetElapsedTime(back).TotalSeconds:0.0} s: {audit}");
        Assert.Equal(0, audit.DuplicatedMs);
        Assert.All(books, Books.AssertClosed);
        Assert.All(books.Where(book => ending.Any(client => Guid.Parse(client.Session!) == book.Session)), book => Assert.Equal(10_000, book.LedgerMs));
        Assert.All(clients, client => Assert.True(
            books.Single(book => book.Session == Guid.Parse(client.Session!)).LedgerMs >= client.LastTickMs, "what the client was told is in its ledger"));
    }

    private async Task<HttpStatusCode> HealthAsync(string question)
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var answer = await http.GetAsync($"/healthz/{question}");
        return answer.StatusCode;
    }
}
