using System.Net;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Faults;

/// <summary>What the API is asked at one silo about a session of another moves nothing.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class AdminCallTests(ClusterWorld world) : IClassFixture<ClusterWorld>
{
    [Fact]
    public async Task A_session_stays_where_its_client_is_whoever_asks_for_it()
    {
        var silos = await world.StartSilosAsync(3);
        var reseller = await world.NewPayerAsync();
        var live = await LiveSessions.OpenAsync(world, reseller, silos[0], count: 10);
        var before = await OwnersAsync(live);

        foreach (var silo in silos)
        {
            using var http = world.Http(reseller.Key, silo);
            foreach (var session in live.Ids)
            {
                using var asked = await http.GetAsync($"/v1/sessions/{session:N}");
                using var told = await http.GetAsync($"/v1/sessions/{session:N}/timeline");
                Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (asked.StatusCode, told.StatusCode));
            }
        }

        await live.GoOnAsync(3);
        Assert.Equal(before, await OwnersAsync(live));
        Assert.Equal(10, await world.LiveAsync(silos[0]));

        // Ended from elsewhere it ends where it is, with the code of whoever ended it.
        using var third = world.Http(reseller.Key, silos[2]);
        foreach (var session in live.Ids)
        {
            using var ended = await third.DeleteAsync($"/v1/sessions/{session:N}");
            Assert.True(ended.IsSuccessStatusCode, $"DELETE answered {ended.StatusCode}");
        }

        Assert.All(await Task.WhenAll(live.Clients.Select(client => client.FarewellAsync())), farewell => Assert.Equal(4002, farewell.Code));
        var books = await Eventually.SeesAsync(
            "all have ended in the books", () => live.BooksAsync(world), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));
        Assert.All(books, book => Assert.Equal(4002, book.CloseCode));
    }

    private Task<IReadOnlyList<string>> OwnersAsync(LiveSessions live) =>
        world.Database.ListAsync<string>("SELECT id || ' ' || owner || ' ' || epoch FROM session WHERE id = ANY ($1) ORDER BY id", live.Ids);
}
