using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>A silo that stands still past its lease and then goes on, as if nothing had happened.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class FrozenSiloTests(ClusterWorld world, ITestOutputHelper output) : IClassFixture<ClusterWorld>
{
    private const int Each = 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silo_that_froze_past_its_lease_is_refused_and_lets_go(bool isDeclaredDead)
    {
        var silos = await world.StartSilosAsync(3);
        var reseller = await world.NewPayerAsync();
        var frozen = await LiveSessions.OpenAsync(world, reseller, silos[0], Each);
        var others = await LiveSessions.OpenAsync(world, reseller, silos[1], Each);
        var dead = (await world.MembersAsync()).Count(member => member.Status == Member.Dead);

        // Its sockets stay open meanwhile, and fill with ticks that nobody counts any more.
        var atUtc = TimeProvider.System.GetUtcNow();
        var at = TimeProvider.System.GetTimestamp();
        silos[0].Pause();
        var books = await Eventually.SeesAsync(
            "its sessions have been ended by another", () => frozen.BooksAsync(world), books => books.All(book => book.EndedAt is not null), TimeSpan.FromSeconds(30));
        var reaped = TimeProvider.System.GetElapsedTime(at);
        if (isDeclaredDead)
            await world.DeadAsync(dead + 1);
        var stood = TimeProvider.System.GetElapsedTime(at);
        silos[0].Resume();
        var woke = TimeProvider.System.GetTimestamp();

        var farewells = await Task.WhenAll(frozen.Clients.Select(client => client.FarewellAsync()));
        var upstreams = books.Select(book => world.Provider.Truth.Find(book.Upstream!)!).ToList();
        await Eventually.IsAsync("its upstreams are closed", () => Task.FromResult(upstreams.All(upstream => !upstream.IsOpen)));
        output.WriteLine(
            $"figure: frozen for {stood.TotalSeconds:0.0} s{(isDeclaredDead ? " and declared dead" : "")}, sessions ended elsewhere after {reaped.TotalSeconds:0.0} s, "
            + $"its sockets let go {TimeProvider.System.GetElapsedTime(woke).TotalSeconds:0.0} s after it woke");
        await others.GoOnAsync(5);

        // What it would have written late changed nothing.
        Assert.Equal(books, await frozen.BooksAsync(world));
        var audit = Audit.Of(books, world.Provider, at, atUtc);
        output.WriteLine($"figure: the sessions of the frozen silo: {audit}");
        Assert.Equal((0L, 0L), (audit.LostByTheRuleMs, audit.DuplicatedMs));
        Assert.All(books, Books.AssertClosed);
        Assert.All(farewells, farewell => Assert.DoesNotContain(farewell.Code, new int?[] { 1000, 4000 }));

        // A silo that the cluster gave up ends itself, and whoever watches over it starts it again.
        if (isDeclaredDead)
        {
            await silos[0].Gone.WaitAsync(TimeSpan.FromSeconds(30));
            silos = [await world.StartSiloAsync(), .. silos.Skip(1)];
        }

        await ClusterWorld.ReadyAsync(silos);
        var again = await LiveSessions.OpenAsync(world, reseller, silos[0], count: 5);
        await again.CloseAsync(world);
        await others.CloseAsync(world);
        // In order, and one after the other: of silos that were all killed at once the next to come would have to wait.
        foreach (var silo in silos.Where(silo => !silo.Gone.IsCompleted))
            await silo.TerminateAsync();
    }
}
