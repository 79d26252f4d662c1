using Npgsql;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Processes;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class MarkStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime, IDisposable
{
    private readonly MarkStore _marks = new(database.Database);
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _marks.Dispose();

    [Fact]
    public async Task A_mark_only_rises()
    {
        var run = await database.AddGenerationAsync(_process, _customer);

        foreach (var (flushed, stored) in new (long, long)[] { (1_000, 1_000), (3_000, 3_000), (2_000, 3_000), (3_000, 3_000), (3_001, 3_001) })
        {
            Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, Marks((run, flushed))));
            Assert.Equal(stored, await MarkOfAsync(run));
        }
    }

    [Fact]
    public async Task A_batch_may_come_in_any_order()
    {
        var runs = await database.AddGenerationsAsync(_process, await database.AddSessionsAsync(_process, _customer, count: 100));
        var shuffled = runs.OrderBy(run => run.Id * 7919 % 101).Select(run => (run, MarkMs: run.Id!.Value * 10)).ToArray();

        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 100), _marks.Flush(_process, Marks(shuffled)));

        foreach (var (run, markMs) in shuffled)
            Assert.Equal(markMs, await MarkOfAsync(run));
    }

    [Fact]
    public void An_empty_flush_renews_the_lease() =>
        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 0), _marks.Flush(_process, Marks()));

    [Fact]
    public async Task A_process_that_is_overdue_but_not_dead_renews_as_before()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        await database.LapseAsync(_process);

        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, Marks((run, 500))));

        Assert.True(await database.ReadAsync<bool>("SELECT lease_until > clock_timestamp() + interval '4 s' FROM process WHERE id = $1", _process));
        Assert.Equal(500, await MarkOfAsync(run));
    }

    [Fact]
    public async Task A_process_that_was_declared_dead_is_fenced()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        await database.DeclareDeadAsync(_process);

        Assert.Equal(new FlushOutcome(LeaseHeld: false, Raised: 0), _marks.Flush(_process, Marks((run, 500))));

        Assert.Equal(0, await MarkOfAsync(run));
    }

    [Fact]
    public async Task A_flush_that_meets_its_own_death_is_fenced()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        await using var death = await Blocking.BeginAsync(database, "UPDATE process SET dead_at = clock_timestamp() WHERE id = $1", _process);

        var flush = Task.Run(() => _marks.Flush(_process, Marks((run, 500))));
        await death.WhenWaitedForAsync();
        await death.CommitAsync();

        Assert.Equal(new FlushOutcome(LeaseHeld: false, Raised: 0), await flush);
        Assert.Equal(0, await MarkOfAsync(run));
    }

    [Fact]
    public async Task A_process_that_renews_just_in_time_is_not_declared_dead()
    {
        await database.LapseAsync(_process);
        await using var renewal = await Blocking.BeginAsync(database, "UPDATE process SET lease_until = clock_timestamp() + interval '6 s' WHERE id = $1", _process);

        var meanwhile = await new ProcessStore(database.Database).DeclareDeadAsync(caller: 0, CancellationToken.None);
        await renewal.CommitAsync();
        var afterwards = await new ProcessStore(database.Database).DeclareDeadAsync(caller: 0, CancellationToken.None);

        Assert.DoesNotContain(_process, meanwhile);
        Assert.DoesNotContain(_process, afterwards);
    }

    [Fact]
    public async Task Marks_of_a_run_that_was_taken_count_no_more_and_it_is_named()
    {
        var (kept, taken) = (await database.AddGenerationAsync(_process, _customer), await database.AddGenerationAsync(_process, _customer));
        await database.ExecuteAsync("UPDATE generation SET epoch = 2 WHERE id = $1", taken.Id!);

        var marks = Marks((kept, 500), (taken, 500));
        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, marks));

        Assert.Equal([taken.Id!.Value], _marks.FindTaken(marks));
        Assert.Equal((500, 0), (await MarkOfAsync(kept), await MarkOfAsync(taken)));
    }

    [Fact]
    public async Task Marks_of_a_run_that_is_closed_count_no_more_but_it_was_not_taken()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        run.Raise(700);
        await database.JournalAsync(_process, new GenerationClosed(run, "completed", ClaimedMs: null));

        var marks = Marks((run, 900));
        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 0), _marks.Flush(_process, marks));

        Assert.Empty(_marks.FindTaken(marks));
        Assert.Equal(700, await MarkOfAsync(run));
        await database.AssertInOrderAsync();
    }

    [Fact]
    public void A_run_that_does_not_exist_was_taken() =>
        Assert.Equal([long.MaxValue], _marks.FindTaken(new MarkBatch([long.MaxValue], [1], [500])));

    [Fact]
    public async Task A_flush_of_unknown_outcome_is_repeated_on_a_new_connection()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        await using var holder = await Blocking.BeginAsync(database, "SELECT FROM generation WHERE id = $1 FOR UPDATE", run.Id!);
        var flush = Task.Run(() => _marks.Flush(_process, Marks((run, 500))));
        await database.ExecuteAsApplicationAsync("SELECT pg_terminate_backend($1)", await holder.WhenWaitedForAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => flush);
        await holder.CommitAsync();

        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, Marks((run, 500))));
        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, Marks((run, 500))));

        Assert.Equal(500, await MarkOfAsync(run));
    }

    [Fact]
    public async Task A_row_that_somebody_holds_delays_the_flush_by_two_seconds_at_most()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        await using (await Blocking.BeginAsync(database, "SELECT FROM generation WHERE id = $1 FOR UPDATE", run.Id!))
        {
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => Task.Run(() => _marks.Flush(_process, Marks((run, 500)))));
            Assert.Equal(PostgresErrorCodes.QueryCanceled, refusal.SqlState);
        }

        Assert.Equal(new FlushOutcome(LeaseHeld: true, Raised: 1), _marks.Flush(_process, Marks((run, 500))));
    }

    [Fact]
    public async Task The_last_mark_travels_with_the_close_and_never_lowers_what_was_flushed()
    {
        var (ahead, behind) = (await database.AddGenerationAsync(_process, _customer), await database.AddGenerationAsync(_process, _customer));
        _marks.Flush(_process, Marks((ahead, 1_000), (behind, 1_000)));

        ahead.Raise(1_500);
        behind.Raise(800);
        await database.JournalAsync(_process, EndOf(ahead), EndOf(behind));

        Assert.Equal((1_500, 1_000), (await MarkOfAsync(ahead), await MarkOfAsync(behind)));
        await database.AssertInOrderAsync();
    }

    private static SessionEnded EndOf(LiveGeneration run) => BuildSessions.EndOf(run.Ownership, CloseCode.Completed, run);

    private static MarkBatch Marks(params (LiveGeneration Run, long Ms)[] marks) => new(
        [.. marks.Select(mark => mark.Run.Id!.Value)], [.. marks.Select(mark => mark.Run.Ownership.Epoch)], [.. marks.Select(mark => mark.Ms)]);

    private Task<long> MarkOfAsync(LiveGeneration run) => database.ReadAsync<long>("SELECT mark_ms FROM generation WHERE id = $1", run.Id!);
}
