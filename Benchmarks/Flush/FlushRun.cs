using System.Diagnostics;
using Npgsql;
using Orchestrator.Benchmarks.Support;
using Orchestrator.Grains.Billing;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Benchmarks.Flush;

/// <summary>What a number of flushes of all marks cost. Costs are per mark; processor times in microseconds.</summary>
internal sealed record FlushRow(
    int Generations, int Flushes, double P50Ms, double P99Ms, double MarksPerS,
    double BackendMicrosPerMark, double PostgresMicrosPerMark, double ProcessMicrosPerMark, double WalBytesPerMark, long WalFullPages);

/// <summary>
/// Flushes one after the other, each with every mark raised: the program's own book of marks and its own statement, against
/// rows of a fresh schema.
/// </summary>
internal static class FlushRun
{
    private const int TickMs = 500;

    public static async Task<FlushRow> MeasureAsync(int generations, int flushes)
    {
        await using var schema = await BenchSchema.CreateAsync("flush");
        await using var owner = new NpgsqlConnection(schema.Owner);
        await owner.OpenAsync();
        var (process, runs) = await LiveGenerations.CreateAsync(owner, generations);

        await using var database = new Database(schema.Application);
        using var store = new MarkStore(database);
        using var book = new MarkBook();

        // Plans are made, code is compiled, pages have found their shape.
        for (var i = 0; i < Math.Max(5, flushes / 5); i++)
            FlushAll(store, book, process, runs);

        var backend = await BackendAsync(database);
        var postmaster = ProcessTimes.Of(backend)?.Parent ?? 0;
        var before = await CountersAsync(owner, backend, postmaster);
        var times = Enumerable.Range(0, flushes).Select(_ => FlushAll(store, book, process, runs)).ToList();
        var after = await CountersAsync(owner, backend, postmaster);

        var marks = (double)generations * flushes;
        var sorted = times.Order().ToList();
        return new FlushRow(
            generations, flushes, Round(Statistics.Percentile(sorted, 0.50)), Round(Statistics.Percentile(sorted, 0.99)),
            Math.Round(marks / times.Sum() * 1000),
            Micros(after.Backend - before.Backend), Micros(after.Postgres - before.Postgres), Micros(after.Process - before.Process),
            Round((after.WalBytes - before.WalBytes) / marks), after.WalFullPages - before.WalFullPages);

        double Micros(double seconds) => Round(seconds * 1e6 / marks);
    }

    /// <summary>Raises every mark and makes all of them durable.</summary>
    /// <returns>What the statement took, in milliseconds.</returns>
    private static double FlushAll(MarkStore store, MarkBook book, long process, IReadOnlyList<LiveGeneration> runs)
    {
        foreach (var run in runs)
            book.Raise(run, run.MarkMs + TickMs);
        var taken = book.Take();
        var started = Stopwatch.GetTimestamp();
        var outcome = store.Flush(process, taken.Marks);
        var took = Stopwatch.GetElapsedTime(started);
        if (!outcome.LeaseHeld || outcome.Raised != runs.Count)
            throw new InvalidOperationException($"A flush raised {outcome.Raised} of {runs.Count} marks, with its lease {(outcome.LeaseHeld ? "held" : "lost")}.");
        book.Confirm(taken);
        return took.TotalMilliseconds;
    }

    /// <summary>The process that serves the flush: the one other connection of the application's role.</summary>
    private static async Task<int> BackendAsync(Database database)
    {
        await using var command = database.Source.CreateCommand(
            "SELECT pid FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid() AND query LIKE 'WITH lease AS%'");
        return (int)(await command.ExecuteScalarAsync() ?? throw new InvalidOperationException("The flush has no connection."));
    }

    private static async Task<Counters> CountersAsync(NpgsqlConnection owner, int backend, int postmaster)
    {
        await using var command = new NpgsqlCommand("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal)", owner);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Counters(
            ProcessTimes.Of(backend)?.Own ?? 0, Postmaster.Seconds(postmaster), Environment.CpuUsage.TotalTime.TotalSeconds,
            (double)reader.GetDecimal(0), reader.GetInt64(1));
    }

    private static double Round(double value) => Math.Round(value, 2);

    private sealed record Counters(double Backend, double Postgres, double Process, double WalBytes, long WalFullPages);
}
