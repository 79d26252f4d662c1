using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Faults;

/// <summary>Many sessions that generate, each with a client that listens.</summary>
internal sealed class LiveSessions(IReadOnlyList<StreamClient> clients)
{
    /// <summary>How many connect at once: a herd of hundreds would measure its own stampede.</summary>
    private const int AtOnce = 20;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Their clients.</summary>
    public IReadOnlyList<StreamClient> Clients { get; } = clients;

    /// <summary>Their ids.</summary>
    public Guid[] Ids { get; } = [.. clients.Select(client => Guid.Parse(client.Session!))];

    /// <summary>The model that ticks once a second for ever.</summary>
    public const string Model = "test-live";

    /// <summary>Opens them on one silo; each has had two ticks when the task completes.</summary>
    public static async Task<LiveSessions> OpenAsync(World world, Reseller reseller, ChildGateway silo, int count)
    {
        world.Provider.Play(Model, Script.Begin.SendSessionId().GenerationStarted().TicksForever(Second, from: 1m, step: 1m));
        var clients = new List<StreamClient>();
        foreach (var some in Enumerable.Range(0, count).Chunk(AtOnce))
            clients.AddRange(await Task.WhenAll(some.Select(_ => world.ConnectAsync(reseller.Key, Model, silo))));
        var sessions = new LiveSessions(clients);
        await sessions.GoOnAsync(2);
        return sessions;
    }

    /// <summary>Waits until each has had that many further ticks: none is cut, none is stuck.</summary>
    public async Task GoOnAsync(int ticks)
    {
        await Task.WhenAll(Clients.Select(client => client.TicksAsync(ticks)));
        AssertOpen();
    }

    /// <summary>Nobody was cut.</summary>
    public void AssertOpen() => Assert.All(Clients, client => Assert.Equal((WebSocketState.Open, false), (client.Socket.State, client.Over.IsCompleted)));

    /// <summary>What the books say of them.</summary>
    public Task<IReadOnlyList<Book>> BooksAsync(World world) => Books.OfAsync(world.Database, Clients);

    /// <summary>Closes all of them, and waits until the books have their ends.</summary>
    public async Task<IReadOnlyList<Book>> CloseAsync(World world)
    {
        await Task.WhenAll(Clients.Select(client => client.CloseAsync()));
        return await Eventually.SeesAsync(
            "all sessions have ended in the books", () => BooksAsync(world), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));
    }
}
