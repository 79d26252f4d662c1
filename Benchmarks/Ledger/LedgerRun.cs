using System.Diagnostics;
using Npgsql;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>What it cost to bring seconds from the provider's tick to mark, ledger and wallets. Costs are per session-second.</summary>
internal sealed record LedgerRow(
    int Sessions, long SessionSeconds, double SessionSecondsPerS, double CpuUsPerSessionSecond, double PostgresUsPerSessionSecond, double ProcessUsPerSessionSecond,
    double WalBytesPerSessionSecond, double RangesPerCommit);

/// <summary>Live sessions of a fresh schema, through session time as fast as the machine allows.</summary>
internal static class LedgerRun
{
    public static async Task<LedgerRow> MeasureAsync(LedgerPlan plan)
    {
        await using var world = await LedgerWorld.StartAsync();
        await using var owner = new NpgsqlConnection(world.Owner);
        await owner.OpenAsync();
        var postmaster = await Postmaster.FindAsync();

        var clock = new SessionClock(TimeProvider.System.GetUtcNow());
        var sessions = await LiveSession.ClaimAsync(world, clock, plan.Sessions);
        var time = new SessionTime(world, clock, sessions);
        await time.StartAllAsync();
        await AnalyzeAsync(owner);
        await time.LiveAsync(plan.WarmUpSeconds);
        await time.CatchUpAsync();
        var before = await CountersAsync(owner, postmaster);
        var started = Stopwatch.GetTimestamp();
        await time.LiveAsync(plan.Seconds);
        await time.CatchUpAsync();
        var took = Stopwatch.GetElapsedTime(started);
        var after = await CountersAsync(owner, postmaster);
        await LedgerBooks.CheckAsync(world, sessions);

        var sessionSeconds = (long)plan.Sessions * plan.Seconds;
        var (postgres, process) = (Micros(after.Postgres - before.Postgres), Micros(after.Process - before.Process));
        return new LedgerRow(
            plan.Sessions, sessionSeconds, Math.Round(sessionSeconds / took.TotalSeconds), Round(postgres + process), Round(postgres), Round(process),
            Round((after.WalBytes - before.WalBytes) / sessionSeconds), Round((after.Ranges - before.Ranges) / (double)Math.Max(1, after.Commits - before.Commits)));

        double Micros(double seconds) => seconds * 1e6 / sessionSeconds;
    }

    /// <summary>What autovacuum does for a database that lives longer than a minute.</summary>
    private static async Task AnalyzeAsync(NpgsqlConnection owner)
    {
        await using var command = new NpgsqlCommand("ANALYZE tenant, wallet, price_version, session, generation, generation_price, hold, usage_ledger", owner);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<Counters> CountersAsync(NpgsqlConnection owner, int postmaster)
    {
        await using var command = new NpgsqlCommand(
            "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT count(*) FROM usage_ledger), (SELECT count(DISTINCT recorded_in) FROM usage_ledger)", owner);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (wal, ranges, commits) = ((double)reader.GetDecimal(0), reader.GetInt64(1), reader.GetInt64(2));
        return new Counters(Postmaster.Seconds(postmaster), Environment.CpuUsage.TotalTime.TotalSeconds, wal, ranges, commits);
    }

    private static double Round(double value) => Math.Round(value, 2);

    private sealed record Counters(double Postgres, double Process, double WalBytes, long Ranges, long Commits);
}
