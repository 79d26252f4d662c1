using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class ProcessStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly ProcessStore _processes = new(database.Database);
    private Customer _customer = null!;

    public async Task InitializeAsync() => _customer = await database.AddCustomerAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_new_process_has_a_lease_of_six_seconds_by_the_databases_clock()
    {
        var process = await database.AddProcessAsync();

        Assert.True(await database.ReadAsync<bool>(
            "SELECT lease_until - started_at BETWEEN interval '5.9 s' AND interval '6.1 s' AND dead_at IS NULL FROM process WHERE id = $1", process));
    }

    [Fact]
    public async Task Only_lapsed_processes_are_declared_dead_and_each_by_one()
    {
        var (living, caller) = (await database.AddProcessAsync(), await database.AddProcessAsync());
        var lapsed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => database.AddProcessAsync()));
        foreach (var process in lapsed.Append(caller))
            await database.LapseAsync(process);

        var declared = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _processes.DeclareDeadAsync(caller, CancellationToken.None)));

        var dead = declared.SelectMany(processes => processes).Where(process => process >= living).ToList();
        Assert.Equal(lapsed.Order(), dead.Order());
        Assert.Empty(await _processes.DeclareDeadAsync(caller, CancellationToken.None));
        Assert.Equal(2, await database.ReadAsync<long>("SELECT count(*) FROM process WHERE id = ANY($1) AND dead_at IS NULL", new[] { living, caller }));
    }

    [Fact]
    public async Task A_process_that_stops_in_good_order_is_dead_at_once_and_nobody_waits_for_its_lease()
    {
        var (process, other) = (await database.AddProcessAsync(), await database.AddProcessAsync());
        var session = await database.AddSessionAsync(process, _customer);

        await _processes.RetireAsync(process, CancellationToken.None);
        await _processes.RetireAsync(process, CancellationToken.None);

        Assert.Contains(session.Session, (await _processes.ReapAsync(other, 10, CancellationToken.None)).Select(reaped => reaped.Session));
    }

    [Fact]
    public async Task One_that_was_declared_dead_goes_on_under_a_new_life_with_what_nobody_took()
    {
        var (former, other) = (await database.AddProcessAsync(), await database.AddProcessAsync());
        var runs = await database.AddGenerationsAsync(former, await database.AddSessionsAsync(former, _customer, count: 3));
        // The reaper begins with the least id.
        var (taken, kept, ended) = runs.OrderBy(run => run.Ownership.Session.ToString(), StringComparer.Ordinal).ToArray() is [var a, var b, var c] ? (a, b, c) : default;
        await database.JournalAsync(former, BuildSessions.EndOf(ended.Ownership, CloseCode.ClientClosed, ended));
        await database.DeclareDeadAsync(former);
        await _processes.ReapAsync(other, 1, CancellationToken.None);

        var (process, held) = _processes.Reclaim(former, "a process");

        Assert.NotEqual(former, process);
        Assert.Equal([(kept.Ownership.Session, 2)], held.Select(session => (session.Session, session.Epoch)));
        Assert.Equal(2, await database.ReadAsync<int>("SELECT epoch FROM generation WHERE id = $1", kept.Id!));
        Assert.Equal(1, await database.ReadAsync<int>("SELECT epoch FROM generation WHERE id = $1", ended.Id!));
        using var marks = new MarkStore(database.Database);
        Assert.Equal(new FlushOutcome(LeaseHeld: false, Raised: 0), marks.Flush(former, new MarkBatch([kept.Id!.Value], [1], [500])));
        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), marks.Flush(process, new MarkBatch([taken.Id!.Value, kept.Id!.Value], [1, 2], [500, 500])));
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_reclaim_waits_for_a_reaper_and_then_leaves_it_what_it_took()
    {
        var former = await database.AddProcessAsync();
        var (kept, taken) = (await database.AddSessionAsync(former, _customer), await database.AddSessionAsync(former, _customer));
        await database.DeclareDeadAsync(former);
        var other = await database.AddProcessAsync();
        await using var reaper = await Blocking.BeginAsync(
            database, "UPDATE session SET owner = $2, epoch = epoch + 1 WHERE id = $1", taken.Session.Value, other);

        var reclaim = Task.Run(() => _processes.Reclaim(former, "a process"));
        await reaper.WhenWaitedForAsync();
        await reaper.CommitAsync();

        Assert.Equal([kept.Session], (await reclaim).Sessions.Select(session => session.Session));
    }

    [Fact]
    public async Task A_reclaim_locks_sessions_in_the_order_of_their_ids_as_the_journal_does()
    {
        var former = await database.AddProcessAsync();
        var ids = (await database.AddSessionsAsync(former, _customer, count: 2)).Select(session => session.Session.Value).ToArray();
        var (first, last) = (ids.Min(), ids.Max());
        // Rows in the table lie the other way round.
        await database.ExecuteAsync("UPDATE session SET user_agent = 'moved' WHERE id = $1", last);
        await database.ExecuteAsync("UPDATE session SET user_agent = 'moved' WHERE id = $1", first);
        await database.DeclareDeadAsync(former);
        await using var journal = await Blocking.BeginAsync(database, "SELECT FROM session WHERE id = $1 FOR NO KEY UPDATE", first);

        var reclaim = Task.Run(() => _processes.Reclaim(former, "a process"));
        await journal.WhenWaitedForAsync();
        await journal.ExecuteAsync("SELECT FROM session WHERE id = $1 FOR NO KEY UPDATE", last);
        await journal.CommitAsync();

        Assert.Equal(ids.Order(), (await reclaim).Sessions.Select(session => session.Session.Value).Order());
    }

    [Fact]
    public async Task A_dead_process_is_finished_once_a_minute_has_passed_and_nothing_of_it_is_left()
    {
        var (busy, idle, caller) = (await database.AddProcessAsync(), await database.AddProcessAsync(), await database.AddProcessAsync());
        await database.AddSessionAsync(busy, _customer);
        await database.DeclareDeadAsync(busy);
        await database.DeclareDeadAsync(idle);

        await _processes.DeclareDeadAsync(caller, CancellationToken.None);
        Assert.Equal([false, false], await FinishedAsync(busy, idle));

        await database.ExecuteAsync("UPDATE process SET dead_at = dead_at - interval '61 s' WHERE id = ANY($1)", new[] { busy, idle });
        await _processes.DeclareDeadAsync(caller, CancellationToken.None);
        Assert.Equal([false, true], await FinishedAsync(busy, idle));

        while ((await _processes.ReapAsync(caller, 10, CancellationToken.None)).Count > 0) { }
        await _processes.DeclareDeadAsync(caller, CancellationToken.None);
        Assert.Equal([true, true], await FinishedAsync(busy, idle));
    }

    private Task<IReadOnlyList<bool>> FinishedAsync(params long[] processes) =>
        database.ListAsync<bool>("SELECT finished_at IS NOT NULL FROM process WHERE id = ANY($1) ORDER BY id", processes);
}
