using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Sessions that live on credit while the database is away: each goes on as long as its tenant allows, and that is counted apart.</summary>
[Trait("Category", "Slow")]
public class BlindScenarios(OwnDatabaseWorld world, ITestOutputHelper output) : IClassFixture<OwnDatabaseWorld>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task While_the_database_is_away_a_session_goes_on_as_long_as_its_tenant_allows()
    {
        world.Provider.Play("test-blind", Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        var (never, briefly, ever, free) = (await TenantAsync(blindSeconds: 0), await TenantAsync(blindSeconds: 3), await TenantAsync(blindSeconds: null),
            await world.NewTenantAsync());
        var clients = await Task.WhenAll(new[] { never, briefly, ever, free }.Select(reseller => world.ConnectAsync(reseller.Key, "test-blind")));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(10)));

        await world.Postgres.CrashAsync();
        var first = await clients[0].Over.WaitAsync(Patience);
        Assert.All(clients.Skip(1), client => Assert.Equal(WebSocketState.Open, client.Socket.State));
        var second = await clients[1].Over.WaitAsync(Patience);
        await Task.WhenAll(clients.Skip(2).Select(client => client.TicksAsync(20)));
        await world.Postgres.GoOnAsync();
        world.Database.Owner.Clear(); // the test's own connections died too
        await Task.WhenAll(clients.Skip(2).Select(client => client.TicksAsync(20)));
        await Task.WhenAll(clients.Skip(2).Select(client => client.CloseAsync()));

        Assert.Equal([4402, 4402], new[] { first.Code, second.Code });
        foreach (var (reseller, client) in new[] { never, briefly, ever, free }.Zip(clients))
            await world.EndOfAsync(reseller, client.Session!, Patience);
        var runs = await Task.WhenAll(clients.Select(RunAsync));
        output.WriteLine(
            $"figure: 10 s authorised, database away: ended at {runs[0].MarkMs} ms without going on blind, at {runs[1].MarkMs} ms with 3 s of it, not at all without a bound");
        Assert.Equal((0, 0), (runs[0].BlindMs, runs[0].OverrunMs));
        Assert.InRange(runs[0].MarkMs, 9_000, 10_000);
        Assert.InRange(runs[1].MarkMs, 12_000, 13_000);
        Assert.InRange(runs[1].BlindMs, 2_000, 3_000);
        Assert.Equal(0, runs[1].OverrunMs);
        foreach (var reseller in new[] { never, briefly, ever })
            Assert.Equal(0, (await world.SettledAsync(reseller.Id)).Balance.Debt);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private async Task<Reseller> TenantAsync(int? blindSeconds)
    {
        var reseller = await world.NewTenantAsync();
        await world.GiveAsync(reseller.Id, seconds: 1_000, blindSeconds);
        return reseller;
    }

    private async Task<(long MarkMs, long BlindMs, long OverrunMs)> RunAsync(StreamClient client)
    {
        var figures = await world.Database.ReadAsync<long[]>(
            "SELECT ARRAY[mark_ms, blind_ms, coalesce(greatest(0, mark_ms - authorised_ms - blind_ms), 0)] FROM generation WHERE session_id = $1", Guid.Parse(client.Session!));
        return (figures[0], figures[1], figures[2]);
    }
}
