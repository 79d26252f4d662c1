using System.Net.WebSockets;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>Clients at a process that hosts no grain: what the loss of either side costs, and what a link that stalls does not.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class GatewayProcessTests(ClusterWorld world, ITestOutputHelper output) : IClassFixture<ClusterWorld>
{
    private const int Sessions = 20;

    [Fact]
    public async Task A_gateway_that_is_killed_ends_its_clients_sessions_and_nothing_else()
    {
        var silo = await world.StartSiloForGatewaysAsync();
        var (lost, stays) = (await world.StartGatewayOnlyAsync(), await world.StartGatewayOnlyAsync());
        var reseller = await world.NewPayerAsync();
        var theirs = await LiveSessions.OpenAsync(world, reseller, lost, Sessions);
        var ours = await LiveSessions.OpenAsync(world, reseller, stays, Sessions);

        var at = await lost.KillAsync();
        var final = await Finalisation.AwaitAsync(world.Database, world.Provider.Truth, theirs.Ids, at);
        output.WriteLine($"figure: kill -9 of a gateway-only process: {final}");

        var books = await theirs.BooksAsync(world);
        Assert.All(books, Books.AssertClosed);
        Assert.All(books, book => Assert.Equal((int)CloseCode.ClientLost, book.CloseCode));
        await ours.GoOnAsync(3);
        await ours.CloseAsync(world);
        await stays.DisposeAsync();
        await silo.TerminateAsync();
    }

    [Fact]
    public async Task A_silo_that_is_killed_behind_a_gateway_sends_its_clients_back()
    {
        var (lost, stays) = (await world.StartSiloForGatewaysAsync(), await world.StartSiloForGatewaysAsync());
        var gateway = await world.StartGatewayOnlyAsync();
        var reseller = await world.NewPayerAsync();
        var live = await LiveSessions.OpenAsync(world, reseller, gateway, 2 * Sessions);
        var owners = await world.Database.ListAsync<long>("SELECT DISTINCT owner FROM session WHERE id = ANY ($1)", live.Ids);

        var at = await lost.KillAsync();
        var dead = await Eventually.SeesAsync(
            "the sessions of the killed silo have ended in the books", () => live.BooksAsync(world),
            books => books.Any(book => book.EndedAt is not null) && owners.Count == 2, TimeSpan.FromSeconds(30));
        var gone = dead.Where(book => book.EndedAt is not null).Select(book => book.Session).ToHashSet();
        var final = await Finalisation.AwaitAsync(world.Database, world.Provider.Truth, gone, at);
        var cut = live.Clients.Where(client => gone.Contains(Guid.Parse(client.Session!))).ToList();
        var farewells = await Task.WhenAll(cut.Select(client => client.FarewellAsync()));
        output.WriteLine(
            $"figure: kill -9 of one of two silos behind a gateway-only process: {final}; told {string.Join(", ", farewells.Select(farewell => farewell.Code).Distinct())}");

        Assert.All(farewells, farewell => Assert.Equal(4114, farewell.Code));
        Assert.All(await Books.OfAsync(world.Database, cut), Books.AssertClosed);
        var rest = new LiveSessions([.. live.Clients.Except(cut)]);
        await rest.GoOnAsync(5);
        await rest.CloseAsync(world);
        await gateway.DisposeAsync();
        await stays.TerminateAsync();
    }

    [Theory]
    [InlineData(7)]
    [InlineData(42)]
    public async Task Whatever_stalls_between_them_frames_arrive_in_order_and_once(int seed)
    {
        var random = new Random(seed);
        var silo = await world.StartSiloForGatewaysAsync();
        var gateway = await world.StartGatewayOnlyAsync();
        var reseller = await world.NewPayerAsync();
        world.Provider.Play("test-numbers", Script.Begin.Echo());
        var clients = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => world.ConnectAsync(reseller.Key, "test-numbers", gateway)));

        using var over = new CancellationTokenSource();
        var sending = clients.Select(client => SendNumbersAsync(client, over.Token)).ToList();
        for (var i = 0; i < 8; i++)
        {
            // Shorter than the silence after which either side gives the other up.
            var (frozen, span) = (random.Next(2) == 0 ? silo : gateway, TimeSpan.FromMilliseconds(random.Next(100, 3_000)));
            frozen.Pause();
            await WaitAsync(span);
            frozen.Resume();
            await WaitAsync(TimeSpan.FromMilliseconds(random.Next(100, 1_500)));
        }

        await over.CancelAsync();
        var sent = await Task.WhenAll(sending);
        foreach (var (client, count) in clients.Zip(sent))
        {
            await Eventually.IsAsync($"all {count} numbers have come back", () => Task.FromResult(client.All.Count >= count), TimeSpan.FromSeconds(30));
            Assert.Equal(Enumerable.Range(0, count), client.All.Select(heard => JsonElement.Parse(heard.Bytes).GetProperty("n").GetInt32()));
            Assert.Equal(WebSocketState.Open, client.Socket.State);
        }

        output.WriteLine($"figure: link stalled 8 times at random (seed {seed}): {sent.Sum()} frames there and back, 0 lost, repeated or out of order");
        await Task.WhenAll(clients.Select(client => client.CloseAsync()));
        await gateway.DisposeAsync();
        await silo.TerminateAsync();
    }

    private static async Task<int> SendNumbersAsync(StreamClient client, CancellationToken over)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var padding = new string('x', 500);
        var n = 0;
        while (!over.IsCancellationRequested)
        {
            await client.SendAsync($$"""{"type":"x","n":{{n++}},"padding":"{{padding}}"}""");
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return n;
    }

    private static async Task WaitAsync(TimeSpan span)
    {
        using var timer = new PeriodicTimer(span);
        await timer.WaitForNextTickAsync();
    }
}
