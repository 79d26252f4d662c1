using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class RetentionStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(90);

    private readonly RetentionStore _retention = new(database.Database);
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    /// <summary>Nothing old is left for the next test.</summary>
    public async Task DisposeAsync()
    {
        while (await PruneAsync(limit: 500) > 0) { }
    }

    [Fact]
    public async Task What_was_generated_is_kept_and_its_timeline_is_not()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        run.Raise(1_000);
        await database.JournalAsync(_process, BuildSessions.EndOf(run.Ownership, CloseCode.Completed, run));
        await GrowOldAsync(run.Ownership);

        Assert.Equal(1, await PruneAsync(limit: 10));

        Assert.Equal((1, 0), await KeptAsync(run.Ownership));
        Assert.Equal(1_000, await database.ReadAsync<decimal>("SELECT sum(to_ms - from_ms) FROM usage_ledger WHERE generation_id = $1", run.Id!));
        Assert.Equal(1, await database.ReadAsync<long>("SELECT count(*) FROM generation_price WHERE generation_id = $1", run.Id!));
        Assert.Equal(0, await PruneAsync(limit: 10));
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_session_that_generated_nothing_goes_with_its_timeline()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, BuildSessions.EndOf(session, CloseCode.UpstreamFull));
        await GrowOldAsync(session);

        Assert.Equal(1, await PruneAsync(limit: 10));

        Assert.Equal((0, 0), await KeptAsync(session));
    }

    [Fact]
    public async Task Live_sessions_and_young_ones_are_kept_whole()
    {
        var (live, young) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));
        await database.JournalAsync(_process, BuildSessions.EndOf(young, CloseCode.Completed));
        await database.ExecuteAsync("UPDATE session SET created_at = created_at - interval '1 year' WHERE id = $1", live.Session.Value);

        Assert.Equal(0, await PruneAsync(limit: 10));

        Assert.Equal(((1, 1), (1, 2)), (await KeptAsync(live), await KeptAsync(young)));
    }

    [Fact]
    public async Task Goes_a_little_at_a_time_and_one_process_at_a_time()
    {
        var sessions = await database.AddSessionsAsync(_process, _customer, count: 12);
        foreach (var session in sessions)
        {
            await database.JournalAsync(_process, BuildSessions.EndOf(session, CloseCode.Completed));
            await GrowOldAsync(session);
        }

        Assert.Equal(5, await PruneAsync(limit: 5));
        await using (await Blocking.BeginAsync(database, "SELECT pg_advisory_xact_lock(hashtext('orchestrator retention'), hashtext(current_schema()))"))
            Assert.Equal(0, await PruneAsync(limit: 5));
        Assert.Equal(5, await PruneAsync(limit: 5));
        Assert.Equal(2, await PruneAsync(limit: 5));
    }

    private Task<int> PruneAsync(int limit) => _retention.PruneAsync(Age, limit, CancellationToken.None);

    private Task GrowOldAsync(SessionOwnership session) =>
        database.ExecuteAsync("UPDATE session SET ended_at = ended_at - interval '91 days' WHERE id = $1", session.Session.Value);

    private async Task<(long Sessions, long Events)> KeptAsync(SessionOwnership session) => (
        await database.ReadAsync<long>("SELECT count(*) FROM session WHERE id = $1", session.Session.Value),
        await database.ReadAsync<long>("SELECT count(*) FROM session_event WHERE session_id = $1", session.Session.Value));
}
