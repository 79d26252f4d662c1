using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Gateways that are lost with live sessions, and what the books say afterwards.</summary>
[Trait("Category", "Slow")]
public class CrashScenarios(CrashScenarios.NoGateway world, ITestOutputHelper output) : IClassFixture<CrashScenarios.NoGateway>
{
    private const int Sessions = 50;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    /// <summary>Each test starts the gateways that it loses.</summary>
    public sealed class NoGateway : World
    {
        protected override bool StartsGateway => false;
    }

    [Fact]
    public async Task A_killed_gateway_loses_at_most_the_last_second_and_bills_nothing_twice()
    {
        var lost = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var clients = await GenerateAsync(lost, reseller, "test-kill", Sessions);

        var (at, atUtc) = await KillAsync(lost);
        var next = await world.StartGatewayAsync();
        var books = await EndedAsync(clients, TimeSpan.FromSeconds(30));

        Check("kill -9, then a restart", books, at, atUtc);
        Assert.All(books, book => Assert.Equal(4114, book.CloseCode));
        Assert.All(clients, client => Assert.Null(client.Over.Result.Code));
        // The one that came after serves again, and takes no notice of what was.
        var (client, _) = await world.OpenAsync(reseller, "sim-idle", next);
        await client.DisposeAsync();
        await next.DisposeAsync();
    }

    [Fact]
    public async Task Two_gateways_leave_each_other_alone_and_one_finishes_what_the_other_left()
    {
        var lost = await world.StartGatewayAsync();
        var stays = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var theirs = await GenerateAsync(lost, reseller, "test-lost", Sessions);
        var ours = await GenerateAsync(stays, reseller, "test-stays", Sessions);

        var (at, atUtc) = await KillAsync(lost);
        var books = await EndedAsync(theirs, TimeSpan.FromSeconds(30));

        var audit = Check("one of two gateways killed", books, at, atUtc);
        Assert.InRange(audit.WorstFinalise, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.All(ours, client => Assert.False(client.Over.IsCompleted));
        await Task.WhenAll(ours.Select(client => client.CloseAsync()));
        var kept = await EndedAsync(ours, TimeSpan.FromSeconds(15));
        Assert.All(kept, Books.AssertClosed);
        Assert.All(kept, book => Assert.Equal(4000, book.CloseCode));
        await stays.DisposeAsync();
    }

    [Fact]
    public async Task A_gateway_that_froze_past_its_lease_is_refused_and_lets_go()
    {
        var frozen = await world.StartGatewayAsync();
        var other = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var clients = await GenerateAsync(frozen, reseller, "test-frozen", 5);
        var atUtc = TimeProvider.System.GetUtcNow();
        var at = TimeProvider.System.GetTimestamp();

        frozen.Pause();
        var books = await EndedAsync(clients, TimeSpan.FromSeconds(30));
        frozen.Resume();

        // It wakes up with ticks in its buffers that count no more, and cuts what is not its own any longer.
        await Task.WhenAll(clients.Select(client => client.FarewellAsync()));
        foreach (var upstream in world.Provider.Connections.Where(connection => connection.Model == "test-frozen"))
            await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(books, await Books.OfAsync(world.Database, clients));
        Check("frozen past its lease", books, at, atUtc);

        // Under its next life it serves as before.
        var (client, _) = await world.OpenAsync(reseller, "sim-idle", frozen);
        await client.CloseAsync();
        Assert.Equal("client_closed", await world.EndOfAsync(reseller, client.Session!, gateway: frozen));
        await frozen.DisposeAsync();
        await other.DisposeAsync();
    }

    [Fact]
    public async Task A_gateway_that_is_asked_to_stop_ends_its_sessions_and_is_gone_within_five_seconds()
    {
        var gateway = await world.StartGatewayAsync();
        var reseller = await world.NewTenantAsync();
        var clients = await GenerateAsync(gateway, reseller, "test-stop", Sessions);
        var atUtc = TimeProvider.System.GetUtcNow();

        var took = await gateway.TerminateAsync();

        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(0, gateway.ExitCode);
        Assert.All(await Task.WhenAll(clients.Select(client => client.FarewellAsync())), farewell => Assert.Equal(4100, farewell.Code));
        var books = await Books.OfAsync(world.Database, clients);
        Assert.All(books, book => Assert.Equal(4100, book.CloseCode));
        Assert.All(books, Books.AssertClosed);
        var audit = Audit.Of(books, world.Provider, TimeProvider.System.GetTimestamp(), atUtc);
        output.WriteLine($"figure: SIGTERM with {Sessions} live sessions, gone after {took.TotalSeconds:0.00} s: {audit}");
    }

    private async Task<IReadOnlyList<StreamClient>> GenerateAsync(ChildGateway gateway, Reseller reseller, string model, int count)
    {
        world.Provider.Play(model, Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => world.ConnectAsync(reseller.Key, model, gateway)));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(30)));
        return clients;
    }

    private static async Task<(long At, DateTimeOffset AtUtc)> KillAsync(ChildGateway gateway)
    {
        var atUtc = TimeProvider.System.GetUtcNow();
        return (await gateway.KillAsync(), atUtc);
    }

    private Task<IReadOnlyList<Book>> EndedAsync(IReadOnlyList<StreamClient> clients, TimeSpan timeout) => Eventually.SeesAsync(
        $"{clients.Count} sessions ended in the books",
        () => Books.OfAsync(world.Database, clients), books => books.All(book => book.EndedAt is not null), timeout);

    private Audit Check(string what, IReadOnlyList<Book> books, long at, DateTimeOffset atUtc)
    {
        var audit = Audit.Of(books, world.Provider, at, atUtc);
        output.WriteLine($"figure: {what}: {audit}");
        Assert.Equal((0L, 0L), (audit.LostByTheRuleMs, audit.DuplicatedMs));
        Assert.All(books, Books.AssertClosed);
        return audit;
    }
}
