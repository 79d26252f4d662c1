using System.Net.WebSockets;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A gateway that is declared dead and is not: it goes on under a new life, with everything that nobody took.</summary>
public class RevivalScenarios(World world) : IClassFixture<World>
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Sessions_that_live_come_and_go_while_their_process_is_declared_dead_again_and_again_keep_whole_books()
    {
        var reseller = await world.NewTenantAsync();
        world.Provider.Play("test-revived", Script.Begin.SendSessionId().GenerationStarted().TicksForever(Beat, from: 0.1m, step: 0.1m));
        var staying = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => world.ConnectAsync(reseller.Key, "test-revived")));
        await Task.WhenAll(staying.Select(client => client.TicksAsync(1)));

        using var over = new CancellationTokenSource();
        var passing = Enumerable.Range(0, 5).Select(_ => ComeAndGoAsync(reseller, over.Token)).ToList();
        for (var deaths = 0; deaths < 8; deaths++)
        {
            await world.Database.ExecuteAsync("UPDATE process SET dead_at = clock_timestamp() WHERE dead_at IS NULL");
            await Task.WhenAll(staying.Select(client => client.TicksAsync(8)));
        }

        await over.CancelAsync();
        var passed = (await Task.WhenAll(passing)).SelectMany(clients => clients).ToList();
        await Task.WhenAll(staying.Select(client => client.CloseAsync()));
        var books = await Eventually.SeesAsync(
            "every session has ended in the books", () => Books.ReadAsync(world.Database), books => books.All(book => book.EndedAt is not null));

        Assert.All(books, Books.AssertClosed);
        Assert.All(books.Join(staying, book => book.Session, client => Guid.Parse(client.Session!), (book, client) => (book, client)), one =>
        {
            Assert.Equal(4000, one.book.CloseCode);
            Assert.InRange(one.book.LedgerMs, one.client.LastTickMs, long.MaxValue);
        });
        Assert.NotEmpty(passed);
    }

    /// <summary>One session after the other, each for a tick or two. One that comes while there is no living process is sent away.</summary>
    private async Task<IReadOnlyList<StreamClient>> ComeAndGoAsync(Reseller reseller, CancellationToken over)
    {
        var clients = new List<StreamClient>();
        while (!over.IsCancellationRequested)
        {
            // Who is refused again and again is refused with 429 for a while; so nobody tries before there is a chance.
            await Eventually.IsAsync("a living process", () => world.Database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM process WHERE dead_at IS NULL)"));
            StreamClient client;
            try
            {
                client = await world.ConnectAsync(reseller.Key, "test-revived");
            }
            catch (WebSocketException)
            {
                continue; // sent away too often: 429
            }

            await Eventually.IsAsync("a tick, or the end", () => Task.FromResult(client.Over.IsCompleted || client.All.Any(heard => heard.Type == "generation_tick")));
            if (client.Over.IsCompleted)
                continue;
            await client.CloseAsync();
            clients.Add(client);
        }

        return clients;
    }
}
