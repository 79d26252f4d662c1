using Npgsql;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildSessions;

namespace Orchestrator.Tests.Storage;

public sealed class JournalStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly JournalStore _journal = new(database.Database);
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    public Task DisposeAsync() => database.AssertInOrderAsync();

    [Fact]
    public async Task A_whole_life_may_come_in_one_batch_and_come_again()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        var (first, second) = (new LiveGeneration(session, 1, "upstream-1", Now), new LiveGeneration(session, 2, "upstream-1", Now));
        first.Raise(1_000);
        second.Raise(2_500);
        JournalEntry[] life =
        [
            Event(session, "admitted", SessionPhase.Connecting),
            new GenerationOpened(first),
            new StateChanged(session, new SessionState(SessionPhase.Generating, NodeStatus.Waiting), Dialect: null),
            Event(session, "generation_started", SessionPhase.Generating),
            new GenerationClosed(first, "disconnect", ClaimedMs: 9_999),
            new GenerationOpened(second),
            EndOf(session, CloseCode.Completed, second),
        ];

        var ids = await database.JournalAsync(_process, life);
        await database.JournalAsync(_process, life);

        Assert.DoesNotContain(null, ids);
        Assert.Equal(
            ["1 session_claimed opening", "2 admitted connecting", "3 generation_started generating", "4 session_ended ended"], await EventsAsync(session));
        Assert.Equal(["1 1000 disconnect 9999", "2 2500 completed "], await database.ListAsync<string>(
            "SELECT format('%s %s %s %s', run, mark_ms, close_reason, claimed_ms) FROM generation WHERE session_id = $1 ORDER BY run", session.Session.Value));
        Assert.Equal("ended 4001 completed 3500", await StateAsync(session, "phase, close_code, close_reason, generated_ms"));
    }

    [Fact]
    public async Task The_latest_state_of_a_batch_is_the_one_that_stays()
    {
        var session = await database.AddSessionAsync(_process, _customer);

        await database.JournalAsync(
            _process,
            new StateChanged(session, new SessionState(SessionPhase.Waiting, NodeStatus.Pending, QueuePosition: 3, QueueSize: 9), Dialect: null),
            new StateChanged(session, new SessionState(SessionPhase.Waiting, NodeStatus.Full, QueuePosition: 2, QueueSize: 8, Upstream: "upstream-1"), "decart-b"));
        Assert.Equal(
            "waiting full 2 8 upstream-1 decart-b", await StateAsync(session, "phase, node_status, queue_position, queue_size, upstream_session_id, dialect"));

        await database.JournalAsync(_process, new StateChanged(session, new SessionState(SessionPhase.Connected), Dialect: null));
        Assert.Equal("connected     decart-b", await StateAsync(session, "phase, node_status, queue_position, queue_size, upstream_session_id, dialect"));
    }

    [Fact]
    public async Task An_event_keeps_its_place_and_the_first_that_came_there_stays()
    {
        var session = await database.AddSessionAsync(_process, _customer);

        await database.JournalAsync(_process, Event(session, "admitted", phase: null) with { Sequence = 7 }, Event(session, "queued", phase: null) with { Sequence = 5 });
        await database.JournalAsync(_process, Event(session, "another", phase: null) with { Sequence = 7 });

        Assert.Equal(["1 session_claimed opening", "5 queued ", "7 admitted "], await EventsAsync(session));
    }

    [Fact]
    public async Task Spans_last_until_the_next_event_that_changed_the_phase()
    {
        var session = await database.AddSessionAsync(_process, _customer);

        await database.JournalAsync(
            _process, Event(session, "admitted", SessionPhase.Connecting), Event(session, "media_offered", phase: null), Event(session, "media_answered", SessionPhase.Connected));

        Assert.Equal(["opening true", "connecting true", "connected false"], await database.ListAsync<string>(
            "SELECT format('%s %s', phase, (ended_at IS NOT NULL)::text) FROM session_span WHERE session_id = $1 ORDER BY started_at", session.Session.Value));
    }

    [Fact]
    public async Task Nothing_counts_under_an_epoch_that_is_over()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        var session = run.Ownership;
        await database.ExecuteAsync("UPDATE session SET epoch = 2 WHERE id = $1", session.Session.Value);
        await database.ExecuteAsync("UPDATE generation SET epoch = 2 WHERE id = $1", run.Id!);
        run.Raise(5_000);

        var ids = await database.JournalAsync(
            _process,
            new GenerationOpened(new LiveGeneration(session, 2, upstream: null, Now)), new StateChanged(session, new SessionState(SessionPhase.Generating), Dialect: null),
            Event(session, "admitted", phase: null), new GenerationClosed(run, "disconnect", ClaimedMs: null), EndOf(session, CloseCode.Completed, run));

        Assert.Equal([null], ids);
        Assert.Equal("opening  0", await StateAsync(session, "phase, close_code, (SELECT sum(mark_ms) FROM generation g WHERE g.session_id = session.id)"));
        Assert.Equal(["1 session_claimed opening"], await EventsAsync(session));
    }

    [Fact]
    public async Task Nothing_counts_after_the_end()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, EndOf(session, CloseCode.ClientClosed));

        var ids = await database.JournalAsync(
            _process, new GenerationOpened(new LiveGeneration(session, 1, upstream: null, Now)), Event(session, "queued", SessionPhase.Waiting),
            new StateChanged(session, new SessionState(SessionPhase.Waiting), Dialect: null), EndOf(session, CloseCode.Completed));

        Assert.Equal([null], ids);
        Assert.Equal("ended 4000", await StateAsync(session, "phase, close_code"));
        Assert.Equal(["1 session_claimed opening", "2 session_ended ended"], await EventsAsync(session));
    }

    [Fact]
    public async Task Sessions_of_one_batch_that_are_held_count_though_others_are_not()
    {
        var (held, taken) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));
        await database.ExecuteAsync("UPDATE session SET epoch = 2 WHERE id = $1", taken.Session.Value);

        var ids = await database.JournalAsync(
            _process, new GenerationOpened(new LiveGeneration(taken, 1, upstream: null, Now)), new GenerationOpened(new LiveGeneration(held, 1, upstream: null, Now)));

        Assert.Null(ids[0]);
        Assert.NotNull(ids[1]);
    }

    [Fact]
    public async Task Writers_of_the_same_sessions_wait_for_each_other()
    {
        var sessions = await database.AddSessionsAsync(_process, _customer, count: 40);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => database.JournalAsync(
            _process, [.. (i % 2 == 0 ? sessions : sessions.Reverse()).Select(session => Event(session, "queued", phase: null))])));

        Assert.Equal(40 * 13, await database.ReadAsync<long>(
            "SELECT count(*) FROM session_event WHERE session_id = ANY($1)", sessions.Select(session => session.Session.Value).ToArray()));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"a":"\u0000"}""")]
    public async Task What_the_database_cannot_take_is_permanent_and_nothing_of_its_batch_is_written(string detail)
    {
        var (session, other) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));

        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => database.JournalAsync(_process, Event(other, "admitted", phase: null), Event(session, "admitted", phase: null) with { Detail = detail }));

        Assert.True(_journal.IsPermanent(refusal));
        Assert.Equal(["1 session_claimed opening"], await EventsAsync(other));
    }

    [Fact]
    public async Task A_lost_connection_is_not_permanent()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await using var holder = await Blocking.BeginAsync(database, "SELECT FROM session WHERE id = $1 FOR UPDATE", session.Session.Value);

        var entry = Event(session, "admitted", phase: null);
        var write = database.JournalAsync(_process, entry);
        await database.ExecuteAsApplicationAsync("SELECT pg_terminate_backend($1)", await holder.WhenWaitedForAsync());
        var failure = await Assert.ThrowsAnyAsync<NpgsqlException>(() => write);
        await holder.CommitAsync();

        Assert.False(_journal.IsPermanent(failure));
        await database.JournalAsync(_process, entry);
        Assert.Equal(["1 session_claimed opening", "2 admitted "], await EventsAsync(session));
    }

    private static TimelineEvent Event(SessionOwnership session, string kind, SessionPhase? phase) =>
        new(session, session.NextSequence(), TimeProvider.System.GetUtcNow(), kind, phase, Detail: null);

    private Task<string> StateAsync(SessionOwnership session, string columns) =>
        database.ReadAsync<string>($"SELECT concat_ws(' ', {string.Join(", ", columns.Split(", ").Select(Shown))}) FROM session WHERE id = $1", session.Session.Value);

    // A null leaves its place empty.
    private static string Shown(string column) => $"coalesce(({column})::text, '')";

    private Task<IReadOnlyList<string>> EventsAsync(SessionOwnership session) =>
        database.ListAsync<string>("SELECT format('%s %s %s', seq, kind, phase) FROM session_event WHERE session_id = $1 ORDER BY seq", session.Session.Value);
}
