using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>A schema in which every statement may be struck, and the processes that work in it, for one test class.</summary>
public sealed class MoneyWorld : IAsyncLifetime, IAsyncDisposable
{
    private const int LaneCount = 3;

    private readonly TestDatabase _database = new();
    private readonly List<MoneyRun> _runs = [];
    private Lane[] _lanes = [];

    /// <summary>The schema.</summary>
    public TestDatabase Database => _database;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        await Faults.PrepareAsync(_database, LaneCount);
        _lanes = [.. Enumerable.Range(0, LaneCount).Select(lane => new Lane(lane, Faults.Connect(_database, lane)))];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
            await lane.DisposeAsync();
        await _database.DisposeAsync();
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>A law about programs on real tables. What a sample waits for is waited for outside the test's own threads.</summary>
    internal static void Hold(FsCheck.Arbitrary<MoneySample> samples, int tests, Func<MoneySample, Task> law) =>
        Laws.Hold(samples, tests: tests, law: sample => Task.Run(() => law(sample)).GetAwaiter().GetResult());

    /// <summary>A program on a tree of its own.</summary>
    internal async Task<MoneyRun> BeginAsync(MoneySample sample)
    {
        var run = new MoneyRun(_database, _lanes, sample);
        await run.BeginAsync();
        _runs.Add(run);
        return run;
    }

    /// <summary>The samples did what the law is about; one that is repeated by its seed need not.</summary>
    internal void AssertBusy(bool faults)
    {
        if (Environment.GetEnvironmentVariable("LAW_SEED") is not null)
            return;
        var runs = _runs.SelectMany(run => run.Sessions).SelectMany(session => session.Runs).ToList();
        var seen = $"{_runs.Count} samples, {runs.Count} runs, {runs.Sum(run => run.ConfirmedMs)} ms confirmed, "
            + $"{runs.Count(run => run.UnheldMs > 0)} runs beyond their holds, {_runs.Sum(run => run.Struck)} calls struck, {_runs.Sum(run => run.Refused)} sessions refused";
        Assert.True(
            runs.Exists(run => run.ConfirmedMs > 0)
            && (faults ? _runs.Exists(run => run.Struck > 0) : runs.Exists(run => run.UnheldMs > 0) && _runs.Exists(run => run.Refused > 0)), seen);
    }

    /// <summary>Every process takes its steps in their order, all processes at once, while somebody watches.</summary>
    /// <returns>How often the books were looked at.</returns>
    internal async Task<int> RaceAsync(MoneyRun run, MoneySample sample)
    {
        using var done = new CancellationTokenSource();
        var watch = _database.WatchAsync(run.Root, done.Token);
        try
        {
            await Task.WhenAll(sample.Steps.GroupBy(step => step.Lane).Select(lane => Task.Run(async () =>
            {
                foreach (var step in lane)
                    await run.TakeAsync(step);
            })));
        }
        finally
        {
            await done.CancelAsync();
        }

        return await watch;
    }
}
