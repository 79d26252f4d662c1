using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orchestrator.Gateway;
using Orchestrator.Grains.Processes;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Processes;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Scenarios;

/// <summary>
/// A process whose way to the database is cut while the database is well: what it does depends on what its peers say. It runs
/// inside the test, since a gateway alone has no peers.
/// </summary>
[Trait("Category", "Slow")]
public sealed class CutOffScenarios(CrashScenarios.NoGateway world, ITestOutputHelper output) : IClassFixture<CrashScenarios.NoGateway>, IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    private readonly FakePeers _peers = new();
    private TcpWay _way = null!;
    private WebApplication _gateway = null!;

    public async Task InitializeAsync()
    {
        var real = new NpgsqlConnectionStringBuilder(world.Database.ConnectionString);
        _way = new TcpWay(real.Host!, real.Port);
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["ConnectionStrings:Orchestrator"] = new NpgsqlConnectionStringBuilder(real.ConnectionString) { Port = _way.Port }.ConnectionString;
        builder.Configuration["MasterKey"] = world.MasterKey;
        builder.Configuration["Providers:simulator:Endpoint"] = new Uri(world.Provider.WebSocketAddress, "/v1/stream").ToString();
        builder.Configuration["Providers:simulator:ApiKey"] = world.Provider.ApiKey;
        builder.Configuration["Providers:simulator:Models:0"] = "test-*";
        builder.AddGateway().AddInProcessHost();
        builder.Services.AddSingleton<IPeers>(_peers);
        _gateway = builder.Build();
        await _gateway.MapGateway().StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _way.Restore();
        await _gateway.StopAsync();
        await _gateway.DisposeAsync();
        await _way.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    [Fact]
    public async Task Where_others_go_on_renewing_its_sessions_end_before_they_are_taken_and_their_ends_are_written_later()
    {
        _peers.Say(TimeSpan.FromMilliseconds(300), answeringFor: TimeSpan.FromHours(1));
        var clients = await GenerateAsync("test-cut-off", 5);

        var cutAt = TimeProvider.System.GetTimestamp();
        _way.Cut();
        foreach (var upstream in world.Provider.Connections.Where(connection => connection.Model == "test-cut-off"))
            await upstream.Completion.WaitAsync(TimeSpan.FromSeconds(20));
        output.WriteLine($"figure: cut off from the database, providers hung up {TimeProvider.System.GetElapsedTime(cutAt).TotalSeconds:0.00} s later");
        foreach (var client in clients)
            Assert.Equal(new Farewell(4117, "Connection lost, please reconnect"), await client.Over.WaitAsync(TimeSpan.FromSeconds(20)));
        _way.Restore();

        var books = await Eventually.SeesAsync("all sessions ended in the books",
            () => Books.OfAsync(world.Database, clients), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));
        Assert.All(books, book => Assert.Equal(4117, book.CloseCode));
        Assert.All(books, Books.AssertClosed);
        Assert.All(clients, client => Assert.True(
            books.Single(book => book.Session == Guid.Parse(client.Session!)).LedgerMs >= client.LastTickMs, "what the client was told is in its ledger"));
    }

    [Fact]
    public async Task Where_nobody_can_be_asked_or_renew_its_sessions_outlive_its_lease()
    {
        _peers.Say(TimeSpan.FromSeconds(20), answeringFor: null);
        var clients = await GenerateAsync("test-all-cut-off", 5);

        var cutAt = TimeProvider.System.GetTimestamp();
        _way.Cut();
        await Eventually.IsAsync("10 s are over", () => Task.FromResult(TimeProvider.System.GetElapsedTime(cutAt) >= TimeSpan.FromSeconds(10)), TimeSpan.FromSeconds(20));
        Assert.NotEqual(0, _peers.Asked);
        await Task.WhenAll(clients.Select(client => client.TicksAsync(10)));
        // The first to be answered after an outage is no reason to end anything, either.
        _peers.Say(TimeSpan.FromMilliseconds(100), answeringFor: TimeSpan.FromMilliseconds(100));
        _way.Restore();

        await Task.WhenAll(clients.Select(client => client.TicksAsync(30)));
        Assert.All(clients, client => Assert.Equal(WebSocketState.Open, client.Socket.State));
        await Task.WhenAll(clients.Select(client => client.CloseAsync()));
        var books = await Eventually.SeesAsync("all sessions ended in the books",
            () => Books.OfAsync(world.Database, clients), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));
        Assert.All(books, book => Assert.Equal(4000, book.CloseCode));
        Assert.All(books, Books.AssertClosed);
    }

    private async Task<IReadOnlyList<StreamClient>> GenerateAsync(string model, int count)
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play(model, Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        var stream = new Uri(
            new UriBuilder(_gateway.Urls.Single()) { Scheme = "ws" }.Uri, $"/v1/stream?api_key={Uri.EscapeDataString(reseller.Key)}&model={model}");
        var clients = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => StreamClient.ConnectAsync(stream)));
        await Task.WhenAll(clients.Select(client => client.TicksAsync(20)));
        return clients;
    }
}
