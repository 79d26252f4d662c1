using Orchestrator.Tests.Scenarios;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>One of three silos is lost with a hundred of three hundred live sessions.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class KilledSiloTests(ClusterWorld world, ITestOutputHelper output) : IClassFixture<ClusterWorld>
{
    private const int Each = 100;

    [Fact]
    public async Task A_killed_silo_takes_its_own_sessions_alone_and_they_are_finalised_within_seconds()
    {
        var silos = await world.StartSilosAsync(3);
        var reseller = await world.NewPayerAsync(maxSessions: 3 * Each);
        var lost = await LiveSessions.OpenAsync(world, reseller, silos[0], Each);
        var second = await LiveSessions.OpenAsync(world, reseller, silos[1], Each);
        var third = await LiveSessions.OpenAsync(world, reseller, silos[2], Each);
        await lost.GoOnAsync(3);

        // The slots of the lost are taken until they are finished, then they are free.
        var atUtc = TimeProvider.System.GetUtcNow();
        var at = await silos[0].KillAsync();
        var final = await Finalisation.AwaitAsync(world.Database, world.Provider.Truth, lost.Ids, at);
        output.WriteLine($"figure: kill -9 of one of three silos, {3 * Each} sessions: {final}");
        var (live, holds) = await world.ReservedAsync(reseller);
        var books = await lost.BooksAsync(world);
        var audit = Audit.Of(books, world.Provider, at, atUtc);
        output.WriteLine($"figure: the sessions of the killed silo: {audit}");

        Assert.InRange(final.At(0.99), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal((2L * Each, 2L * Each), (live, holds));
        Assert.Equal((0L, 0L), (audit.LostByTheRuleMs, audit.DuplicatedMs));
        Assert.All(books, Books.AssertClosed);
        Assert.All(books, book => Assert.Equal(4114, book.CloseCode));

        // The others do not notice, neither now nor when the cluster has taken the lost one out.
        var members = await world.DeadAsync(1);
        await second.GoOnAsync(5);
        await third.GoOnAsync(5);
        var fresh = await LiveSessions.OpenAsync(world, reseller, silos[1], count: 20);
        output.WriteLine($"figure: survivors cut: 0 of {2 * Each}; {members.Count(member => member.Status == Member.Active)} silos active");
        (await world.WalletAsync(reseller.Id)).AssertInOrder();

        // An orderly end: the clients' own, then the silo's.
        var closing = TimeProvider.System.GetTimestamp();
        var closed = second.CloseAsync(world);
        var byClients = await Finalisation.AwaitAsync(world.Database, world.Provider.Truth, second.Ids, closing);
        Assert.All(await closed, book => Assert.Equal(4000, book.CloseCode));
        output.WriteLine($"figure: {Each} clients close at once: {byClients}");
        await fresh.CloseAsync(world);
        Assert.InRange(byClients.At(0.99), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await third.CloseAsync(world);
        Assert.Equal((0L, 0L), await world.ReservedAsync(reseller));
        (await world.SettledAsync(reseller.Id)).AssertInOrder();
        foreach (var silo in silos.Skip(1))
            await silo.TerminateAsync();
    }

    [Fact]
    public async Task A_silo_that_is_asked_to_stop_at_once_finalises_its_sessions_within_a_second()
    {
        var silos = await world.StartSilosAsync(3);
        var reseller = await world.NewPayerAsync();
        var leaving = await LiveSessions.OpenAsync(world, reseller, silos[0], Each);
        var staying = await LiveSessions.OpenAsync(world, reseller, silos[1], Each);

        var since = TimeProvider.System.GetTimestamp();
        var gone = silos[0].TerminateAsync();
        var final = await Finalisation.AwaitAsync(world.Database, world.Provider.Truth, leaving.Ids, since);
        var took = await gone;

        output.WriteLine($"figure: SIGTERM of one of three silos without time to drain, gone after {took.TotalSeconds:0.00} s: {final}");
        Assert.InRange(final.At(0.99), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await staying.GoOnAsync(5);
        await staying.CloseAsync(world);
        // In order, and one after the other: of silos that were all killed at once the next to come would have to wait.
        foreach (var silo in silos.Where(silo => !silo.Gone.IsCompleted))
            await silo.TerminateAsync();
    }
}
