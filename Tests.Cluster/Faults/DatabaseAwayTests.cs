using System.Net;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>A cluster whose database may be stopped without harm to other tests.</summary>
public sealed class OwnDatabaseCluster : ClusterWorld
{
    /// <summary>Its server.</summary>
    public PrivatePostgres Postgres { get; private set; } = null!;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        Postgres = await PrivatePostgres.StartAsync("silos-away");
        Database = TestDatabase.On(Postgres.Application, Postgres.Owner);
        await base.InitializeAsync();
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}

/// <summary>Three silos without their database for a minute.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class DatabaseAwayTests(OwnDatabaseCluster world, ITestOutputHelper output) : IClassFixture<OwnDatabaseCluster>
{
    private const int Each = 5;
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CatchUp = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_minute_without_a_database_ends_only_who_may_not_go_on_blind_and_no_silo_leaves()
    {
        var silos = await world.StartSilosAsync(3);
        var (free, patient, @default) = (await world.NewTenantAsync(), await PayerAsync(blindSeconds: 90), await PayerAsync(blindSeconds: 30));
        var (going, ending) = (new List<LiveSessions>(), new List<LiveSessions>());
        foreach (var silo in silos)
        {
            going.Add(await LiveSessions.OpenAsync(world, free, silo, Each));
            going.Add(await LiveSessions.OpenAsync(world, patient, silo, Each));
            ending.Add(await LiveSessions.OpenAsync(world, @default, silo, Each));
        }

        var before = await world.MembersAsync();
        var since = TimeProvider.System.GetTimestamp();
        await world.Postgres.CrashAsync();
        var farewells = await Task.WhenAll(ending.SelectMany(sessions => sessions.Clients).Select(client => client.Over.WaitAsync(Away)));
        var spent = TimeProvider.System.GetElapsedTime(since);
        await Eventually.IsAsync("a minute is over", () => Task.FromResult(TimeProvider.System.GetElapsedTime(since) >= Away), Away + Away);
        Assert.All(silos, silo => Assert.False(silo.Gone.IsCompleted, silo.Output));
        foreach (var sessions in going)
            await sessions.GoOnAsync(2);
        var heard = going.SelectMany(sessions => sessions.Clients).ToDictionary(client => Guid.Parse(client.Session!), client => client.LastTickMs);

        var back = TimeProvider.System.GetTimestamp();
        await world.Postgres.GoOnAsync();
        world.Database.Owner.Clear(); // the test's own connections died too
        await ClusterWorld.ReadyAsync(silos, CatchUp);
        var ended = await Eventually.SeesAsync(
            "who ended meanwhile has ended in the books", () => Books.OfAsync(world.Database, [.. ending.SelectMany(sessions => sessions.Clients)]),
            books => books.All(book => book.EndedAt is not null), CatchUp);
        await Eventually.IsAsync(
            "every mark is durable",
            async () => (await Books.ReadAsync(world.Database)).All(book => !heard.TryGetValue(book.Session, out var ms) || book.MarkMs >= ms), CatchUp);
        var caughtUp = TimeProvider.System.GetElapsedTime(back);
        var after = await world.MembersAsync();

        output.WriteLine(
            $"figure: PostgreSQL away for {Away.TotalSeconds} s: {heard.Count} of {heard.Count} sessions that may go on did, "
            + $"{farewells.Length} of {farewells.Length} at the default limit ended, the last after {spent.TotalSeconds:0.0} s; "
            + $"{after.Count(member => member.Status == Member.Active)} of 3 silos stayed; caught up after {caughtUp.TotalSeconds:0.0} s");
        Assert.InRange(caughtUp, TimeSpan.Zero, CatchUp);
        Assert.All(farewells, farewell => Assert.Equal(4402, farewell.Code));
        Assert.Equal(before, after);
        Assert.All(after, member => Assert.Equal(Member.Active, member.Status));
        Assert.All(ended, Books.AssertClosed);
        foreach (var sessions in going)
        {
            await sessions.GoOnAsync(2);
            var books = await sessions.CloseAsync(world);
            Assert.All(books, Books.AssertClosed);
            Assert.All(sessions.Clients, client => Assert.True(
                books.Single(book => book.Session == Guid.Parse(client.Session!)).LedgerMs >= client.LastTickMs, "what the client was told is in its ledger"));
        }

        foreach (var tenant in new[] { patient, @default })
            Assert.Equal(0, (await world.SettledAsync(tenant.Id)).Balance.Debt);
        Assert.All(silos, silo => Assert.False(silo.Gone.IsCompleted, silo.Output));
        Assert.All(await Task.WhenAll(silos.Select(ClusterWorld.HealthAsync)), status => Assert.Equal(HttpStatusCode.OK, status));
    }

    private Task<Reseller> PayerAsync(int blindSeconds) => world.NewPayerAsync(maxSessions: null, blindSeconds);
}
