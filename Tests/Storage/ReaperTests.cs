using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>What one process does with the sessions of another that was lost.</summary>
public sealed class ReaperTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly ProcessStore _processes = new(database.Database);
    private Customer _customer = null!;
    private long _lost;
    private long _living;

    public async Task InitializeAsync() => (_customer, _lost, _living) =
        (await database.AddCustomerAsync(), await database.AddProcessAsync(), await database.AddProcessAsync());

    /// <summary>Nothing is left for the next test, and all that was done is right.</summary>
    public async Task DisposeAsync()
    {
        await database.DeclareDeadAsync(_lost);
        while ((await ReapAsync(_living)).Count > 0) { }
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task Closes_the_ledger_at_the_mark_and_tells_the_one_end()
    {
        var run = await database.AddGenerationAsync(_lost, _customer);
        await database.JournalAsync(_lost, new TimelineEvent(
            run.Ownership, run.Ownership.NextSequence(), TimeProvider.System.GetUtcNow(), "generation_started", SessionPhase.Generating, Detail: null));
        using (var marks = new MarkStore(database.Database))
            marks.Flush(_lost, new MarkBatch([run.Id!.Value], [1], [2_345]));
        await database.SettleAsync(run);
        using (var marks = new MarkStore(database.Database))
            marks.Flush(_lost, new MarkBatch([run.Id!.Value], [1], [2_845]));
        await database.DeclareDeadAsync(_lost);

        var reaped = Assert.Single(await ReapAsync(_living));

        Assert.Equal(new ReapedSession(run.Ownership.Session, _customer.Id.Value, _lost, GeneratedMs: 2_845), reaped);
        Assert.Equal(["0-2344", "2344-2845"], await database.ListAsync<string>(
            "SELECT format('%s-%s', from_ms, to_ms) FROM usage_ledger WHERE generation_id = $1 ORDER BY from_ms", run.Id!));
        Assert.Equal(["1 session_claimed opening", "2 generation_started generating", "3 session_ended ended"], await database.ListAsync<string>(
            "SELECT format('%s %s %s', seq, kind, phase) FROM session_event WHERE session_id = $1 ORDER BY seq", run.Ownership.Session.Value));
        Assert.Equal("process_lost", await database.ReadAsync<string>("SELECT close_reason FROM generation WHERE id = $1", run.Id!));
        Assert.Equal($"{_living} 2 ended 4114 process_lost 2845", await database.ReadAsync<string>(
            "SELECT format('%s %s %s %s %s %s', owner, epoch, phase, close_code, close_reason, generated_ms) FROM session WHERE id = $1", run.Ownership.Session.Value));
    }

    [Theory]
    [InlineData(null, 60_000L)]
    [InlineData(10_000L, 10_000L)]
    [InlineData(2_000L, 2_000L)]
    public async Task The_mark_of_a_call_is_raised_to_its_hang_up_but_not_beyond_what_was_authorised(long? authorisedMs, long expectedMs)
    {
        var run = await database.AddGenerationAsync(_lost, _customer);
        var other = await database.AddGenerationAsync(_lost, _customer);
        using (var marks = new MarkStore(database.Database))
            marks.Flush(_lost, new MarkBatch([run.Id!.Value, other.Id!.Value], [1, 1], [2_000, 2_000]));
        await database.ExecuteAsync(
            $"UPDATE generation SET started_at = clock_timestamp() - interval '65 s', authorised_ms = {authorisedMs?.ToString() ?? "NULL"} WHERE id = $1", run.Id!);
        await database.DeclareDeadAsync(_lost);

        var reaped = await _processes.ReapAsync(_living, 10, new CallsOfLost([new HungUp(run.Ownership.Session, TimeSpan.FromSeconds(5))], []), CancellationToken.None);

        Assert.InRange(reaped.Single(session => session.Session == run.Ownership.Session).GeneratedMs, expectedMs, expectedMs + 3_000);
        Assert.Equal(2_000, reaped.Single(session => session.Session == other.Ownership.Session).GeneratedMs);
    }

    [Fact]
    public async Task The_session_of_a_call_of_which_nothing_is_known_yet_is_not_finished()
    {
        var run = await database.AddGenerationAsync(_lost, _customer);
        await database.DeclareDeadAsync(_lost);

        Assert.Empty(await _processes.ReapAsync(_living, 10, new CallsOfLost([], [run.Ownership.Session]), CancellationToken.None));
        Assert.Equal([run.Ownership.Session], (await ReapAsync(_living)).Select(session => session.Session));
    }

    [Fact]
    public async Task A_call_is_found_by_its_name_as_soon_as_its_run_has_that()
    {
        var session = await database.AddSessionAsync(_lost, _customer);
        var provider = await database.ReadAsync<string>("SELECT provider FROM session WHERE id = $1", session.Session.Value);
        await database.JournalAsync(_lost, new GenerationOpened(new LiveGeneration(session, run: 1, "rtc_1", TimeProvider.System.GetUtcNow())));
        var nameless = await database.AddSessionAsync(_lost, _customer);
        await database.DeclareDeadAsync(_lost);

        var lost = await _processes.FindLostAsync(_living, [provider], 10, CancellationToken.None);

        Assert.Equal([new LostUpstream(session.Session, provider, "rtc_1")], lost);
        Assert.Equal("rtc_1", (await new SessionQueries(database.Database).FindAsync(_customer.Id, session.Session, CancellationToken.None))!.UpstreamSessionId);
        Assert.Null((await new SessionQueries(database.Database).FindAsync(_customer.Id, nameless.Session, CancellationToken.None))!.UpstreamSessionId);
    }

    [Fact]
    public async Task Nothing_that_the_lost_process_still_sends_counts()
    {
        var run = await database.AddGenerationAsync(_lost, _customer);
        await database.DeclareDeadAsync(_lost);
        await ReapAsync(_living);

        run.Raise(9_000);
        using var marks = new MarkStore(database.Database);
        marks.Flush(_lost, new MarkBatch([run.Id!.Value], [1], [9_000]));
        await database.SettleAsync(run);
        var late = new LiveGeneration(run.Ownership, run: 2, upstream: null, TimeProvider.System.GetUtcNow());
        var opened = await database.JournalAsync(_lost, new GenerationOpened(late), BuildSessions.EndOf(run.Ownership, CloseCode.ClientClosed, run));

        Assert.Equal([null], opened);
        Assert.Equal("0 1 process_lost", await database.ReadAsync<string>("""
            SELECT format('%s %s %s', s.generated_ms, count(g.id), s.close_reason) FROM session s JOIN generation g ON g.session_id = s.id
            WHERE s.id = $1 GROUP BY s.id
            """, run.Ownership.Session.Value));
    }

    [Fact]
    public async Task Sessions_of_living_and_overdue_processes_are_left_alone()
    {
        var overdue = await database.AddProcessAsync();
        await database.AddSessionAsync(_living, _customer);
        await database.AddSessionAsync(overdue, _customer);
        await database.LapseAsync(overdue);

        Assert.Empty(await ReapAsync(_lost));
    }

    [Fact]
    public async Task A_process_that_was_declared_dead_does_not_finish_what_it_may_take_back()
    {
        var session = await database.AddSessionAsync(_lost, _customer);
        await database.DeclareDeadAsync(_lost);

        Assert.Empty(await ReapAsync(_lost));

        var (process, held) = _processes.Reclaim(_lost, "a process");
        Assert.Equal([session.Session], held.Select(one => one.Session));
        _lost = process;
    }

    [Fact]
    public async Task Takes_two_hundred_at_a_time()
    {
        await database.AddSessionsAsync(_lost, _customer, count: 450);
        await database.DeclareDeadAsync(_lost);

        var counts = new List<int>();
        while ((await ReapAsync(_living)).Count is var count and > 0)
            counts.Add(count);

        Assert.Equal([200, 200, 50], counts);
    }

    [Fact]
    public async Task Of_several_at_once_each_session_is_finished_by_one()
    {
        var sessions = await database.AddSessionsAsync(_lost, _customer, count: 120);
        await database.AddGenerationsAsync(_lost, sessions);
        await database.DeclareDeadAsync(_lost);
        var reapers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => database.AddProcessAsync()));

        var reaped = await Task.WhenAll(reapers.Select(async reaper =>
        {
            var mine = new List<SessionId>();
            while (await _processes.ReapAsync(reaper, limit: 7, CancellationToken.None) is { Count: > 0 } batch)
                mine.AddRange(batch.Select(session => session.Session));
            return mine;
        }));

        Assert.Equal(sessions.Select(session => session.Session.Value).Order(), reaped.SelectMany(mine => mine).Select(session => session.Value).Order());
    }

    [Fact]
    public async Task Passes_over_a_session_that_somebody_else_is_taking()
    {
        var (free, held) = (await database.AddSessionAsync(_lost, _customer), await database.AddSessionAsync(_lost, _customer));
        await database.DeclareDeadAsync(_lost);
        await using var other = await Blocking.BeginAsync(database, "SELECT FROM session WHERE id = $1 FOR NO KEY UPDATE", held.Session.Value);

        Assert.Equal([free.Session], (await ReapAsync(_living)).Select(session => session.Session));
    }

    private Task<IReadOnlyList<ReapedSession>> ReapAsync(long caller) => _processes.ReapAsync(caller, Reaper.BatchSize, CancellationToken.None);
}
