using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class BillingStoreTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime, IDisposable
{
    private const string RangesOf = "SELECT format('%s-%s', from_ms, to_ms) FROM usage_ledger WHERE generation_id = $1 ORDER BY from_ms";

    private readonly MarkStore _marks = new(database.Database);
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync() => (_customer, _process) = (await database.AddCustomerAsync(), await database.AddProcessAsync());

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _marks.Dispose();

    [Fact]
    public async Task Each_settlement_appends_what_was_marked_since_the_last_one()
    {
        var run = await database.AddGenerationAsync(_process, _customer);

        Assert.Equal(0, await SettleAsync(run));
        Flush(run, 1_000);
        Assert.Equal(999, await SettleAsync(run));
        Assert.Equal(999, await SettleAsync(run));
        Flush(run, 2_345);
        Assert.Equal(2_344, await SettleAsync(run));
        Flush(run, 3_000);
        run.Raise(3_500);
        await database.JournalAsync(_process, new GenerationClosed(run, "completed", ClaimedMs: null));
        Assert.Equal(0, await SettleAsync(run));

        Assert.Equal(["0-999", "999-2344", "2344-3500"], await database.ListAsync<string>(RangesOf, run.Id!));
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_run_of_another_epoch_is_passed_over()
    {
        var (kept, taken) = (await database.AddGenerationAsync(_process, _customer), await database.AddGenerationAsync(_process, _customer));
        Flush(kept, 1_000);
        Flush(taken, 1_000);

        taken.Ownership.Reclaim(2);
        var answers = await database.SettleAsync(kept, taken);

        Assert.Equal([SettlementStatus.Settled, SettlementStatus.Gone], answers.Select(answer => answer.Status));
        Assert.Equal(["0-999"], await RangesAsync(kept));
        Assert.Empty(await database.ListAsync<string>(RangesOf, taken.Id!));
    }

    [Fact]
    public async Task Settlements_of_the_same_runs_at_once_append_each_millisecond_once()
    {
        var runs = (await database.AddGenerationsAsync(_process, await database.AddSessionsAsync(_process, _customer, count: 20))).ToArray();
        _marks.Flush(_process, new MarkBatch([.. runs.Select(run => run.Id!.Value)], [.. runs.Select(_ => 1)], [.. runs.Select(_ => 1_000L)]));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => database.SettleAsync(i % 2 == 0 ? runs : [.. runs.Reverse()])));

        Assert.Equal(20 * 999, await database.ReadAsync<decimal>(
            "SELECT sum(to_ms - from_ms) FROM usage_ledger WHERE generation_id = ANY($1)", runs.Select(run => run.Id!.Value).ToArray()));
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_mark_that_rises_meanwhile_is_settled_whole()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        Flush(run, 1_000);
        await using var flush = await Blocking.BeginAsync(database, "UPDATE generation SET mark_ms = 1500 WHERE id = $1", run.Id!);

        var settlement = SettleAsync(run);
        await flush.WhenWaitedForAsync();
        await flush.CommitAsync();

        Assert.Equal(1_499, await settlement);
        await database.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_close_that_comes_first_leaves_a_settlement_nothing()
    {
        var run = await database.AddGenerationAsync(_process, _customer);
        Flush(run, 1_000);
        await using var close = await Blocking.BeginAsync(
            database, "INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $2, 0, 1000)", run.Id!, _customer.Id.Value);
        await close.ExecuteAsync("UPDATE generation SET ledgered_ms = 1000, closed_at = clock_timestamp() WHERE id = $1", run.Id!);

        var settlement = SettleAsync(run);
        await close.WhenWaitedForAsync();
        await close.CommitAsync();

        Assert.Equal(0, await settlement);
        Assert.Equal(["0-1000"], await database.ListAsync<string>(RangesOf, run.Id!));
    }

    [Fact]
    public async Task One_row_that_cannot_be_settled_is_named_and_does_not_hold_up_the_others()
    {
        var runs = (await database.AddGenerationsAsync(_process, await database.AddSessionsAsync(_process, _customer, count: 5))).ToArray();
        foreach (var run in runs)
            Flush(run, 1_000);
        var offender = runs[2];
        await database.ExecuteAsync("INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms) VALUES ($1, $2, 500, 600)", offender.Id!, _customer.Id.Value);

        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var log = new RecordedLog();
        using var logging = LoggerFactory.Create(builder => builder.AddProvider(log));
        var grain = new BillingGrain(
            new OneLife(_customer.Path[0].ToString()), new SessionClaimStore(database.Database), new BillingStore(database.Database),
            new BillingMetrics(services.GetRequiredService<IMeterFactory>()), TimeProvider.System, logging.CreateLogger<BillingGrain>());
        var answers = await grain.SettleAsync([.. runs.Select(BuildSessions.DueOf)], CancellationToken.None);

        Assert.Equal(runs.Select(run => run == offender ? SettlementStatus.Failed : SettlementStatus.Settled), answers.Select(answer => answer.Status));
        foreach (var run in runs.Except([offender]))
            Assert.Equal(["0-999"], await RangesAsync(run));
        Assert.Equal(["500-600"], await RangesAsync(offender));
        Assert.Contains(log.Lines, line => line.StartsWith($"Error 1223 Session {offender.Ownership.Session}", StringComparison.Ordinal));
        // What the test put there itself is in nobody's order.
        await database.ExecuteAsync("ALTER TABLE usage_ledger DISABLE TRIGGER usage_ledger_append_only");
        await database.ExecuteAsync("DELETE FROM usage_ledger WHERE generation_id = $1", offender.Id!);
        await database.ExecuteAsync("ALTER TABLE usage_ledger ENABLE TRIGGER usage_ledger_append_only");
        await database.AssertInOrderAsync();
    }

    private Task<IReadOnlyList<string>> RangesAsync(LiveGeneration run) => database.ListAsync<string>(RangesOf, run.Id!);

    private async Task<long> SettleAsync(LiveGeneration run) => (await database.SettleAsync(run)).Single().LedgeredMs;

    private void Flush(LiveGeneration run, long markMs) => _marks.Flush(_process, new MarkBatch([run.Id!.Value], [run.Ownership.Epoch], [markMs]));
}
