using System.Net;
using System.Text.Json;
using Npgsql;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Gateways that are asked to stop and give their sessions time; and one that could not stop by itself.</summary>
[Trait("Category", "Slow")]
public class DrainScenarios(CrashScenarios.NoGateway world, ITestOutputHelper output) : IClassFixture<CrashScenarios.NoGateway>
{
    private const string Shutdown = "Server is restarting, please reconnect";
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_gateway_that_drains_refuses_new_sessions_and_lets_live_ones_come_to_their_own_end()
    {
        var gateway = await world.StartGatewayAsync(("Process:DrainGrace", "00:05:00"));
        var (open, limited) = (await world.NewTenantAsync(), await world.NewTenantAsync(maxSessionSeconds: 30));
        var leaves = await GenerateAsync(gateway, open, 1);
        var runsOut = await GenerateAsync(gateway, limited, 1);

        gateway.AskToStop();
        await UnreadyAsync(gateway);

        // Nobody new, and nobody cut: who lives goes on in every way.
        using var http = world.Http(open.Key, gateway);
        using var refused = await RawHttp.UpgradeAsync(http, "/v1/stream?model=test-drain");
        await RawHttp.AssertProblemAsync(HttpStatusCode.ServiceUnavailable, "server_shutdown", refused);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz/live")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/v1/sessions")).StatusCode);
        await Task.WhenAll(leaves.Concat(runsOut).Select(client => client.TicksAsync(20)));
        await leaves[0].CloseAsync();
        Assert.Equal(4004, (await runsOut[0].Over.WaitAsync(TimeSpan.FromSeconds(60))).Code);
        await gateway.Gone.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(0, gateway.ExitCode);
        var books = await Books.OfAsync(world.Database, [.. leaves, .. runsOut]);
        Assert.All(books, Books.AssertClosed);
        Assert.Equal([4000, 4004], books.Select(book => book.CloseCode).Order());
        Assert.Contains("2 sessions live, 0 of them relayed elsewhere; by their own limits 1 end in time and 0 later, 1 have no known end",
            gateway.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_lives_when_the_grace_is_over_is_asked_to_come_back()
    {
        var gateway = await world.StartGatewayAsync(("Process:DrainGrace", "00:00:03"));
        var clients = await GenerateAsync(gateway, await world.NewTenantAsync(), 20);

        var took = await gateway.TerminateAsync();

        output.WriteLine($"figure: SIGTERM with a grace of 3 s and {clients.Count} live sessions, gone after {took.TotalSeconds:0.00} s");
        Assert.InRange(took, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(8));
        await EndedAsync(gateway, clients);
    }

    [Fact]
    public async Task Asked_a_second_time_it_gives_them_no_more_time()
    {
        var gateway = await world.StartGatewayAsync(("Process:DrainGrace", "01:00:00"));
        var clients = await GenerateAsync(gateway, await world.NewTenantAsync(), 5);
        gateway.AskToStop();
        await UnreadyAsync(gateway);

        await gateway.TerminateAsync();

        await EndedAsync(gateway, clients);
    }

    [Fact]
    public async Task A_gateway_whose_database_hangs_says_goodbye_and_is_gone_all_the_same()
    {
        var real = new NpgsqlConnectionStringBuilder(world.Database.ConnectionString);
        await using var way = new TcpWay(real.Host!, real.Port);
        var through = new NpgsqlConnectionStringBuilder(real.ConnectionString) { Port = way.Port }.ConnectionString;
        var gateway = await world.StartGatewayAsync(("ConnectionStrings:Orchestrator", through));
        var clients = await GenerateAsync(gateway, await world.NewTenantAsync(), 5);

        way.Clog();
        var took = await gateway.TerminateAsync();

        output.WriteLine($"figure: SIGTERM while the database hangs, gone after {took.TotalSeconds:0.00} s with exit code {gateway.ExitCode}");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        foreach (var client in clients)
            Assert.Equal(new Farewell(4100, Shutdown), await client.FarewellAsync());
    }

    private async Task<IReadOnlyList<StreamClient>> GenerateAsync(ChildGateway gateway, Reseller reseller, int count)
    {
        world.Provider.Play("test-drain", Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => world.ConnectAsync(reseller.Key, "test-drain", gateway)));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(3)));
        return clients;
    }

    private static async Task UnreadyAsync(ChildGateway gateway)
    {
        using var http = WatchedHttp.At(gateway.Address);
        await Eventually.IsAsync("the gateway says that it drains", async () =>
        {
            using var answer = await http.GetAsync("/healthz/ready");
            return answer.StatusCode is HttpStatusCode.ServiceUnavailable
                && JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("reasons").EnumerateArray().Single().GetString() == "draining";
        });
    }

    private async Task EndedAsync(ChildGateway gateway, IReadOnlyList<StreamClient> clients)
    {
        Assert.Equal(0, gateway.ExitCode);
        Assert.All(await Task.WhenAll(clients.Select(client => client.FarewellAsync())), farewell => Assert.Equal(new Farewell(4100, Shutdown), farewell));
        var books = await Books.OfAsync(world.Database, clients);
        Assert.All(books, book => Assert.Equal(4100, book.CloseCode));
        Assert.All(books, Books.AssertClosed);
    }
}
