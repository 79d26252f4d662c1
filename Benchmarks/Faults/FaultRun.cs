using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>One seed: everything under load, faults one after the other, then quiet, then the reckoning.</summary>
internal static class FaultRun
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(120);

    public static async Task<FaultTotals> RunAsync(OwnPostgres postgres, int seed, FaultOptions options)
    {
        var time = TimeProvider.System;
        await using var rig = await FaultRig.StartAsync(postgres, seed, options.Gateways);
        var tenants = new FaultTenants(rig.Database);
        await tenants.MakeAsync(rig.Provider);
        await rig.WhenReadyAsync();

        await using var load = new FaultLoad(seed, options.Sessions, tenants.Keys, rig.Pick);
        load.Start();
        using var over = new CancellationTokenSource();
        var spending = KeepPoorAsync(tenants, options.Sessions, over.Token);
        var faults = FaultPlan.Make(seed, options.Duration, options.Every, options.Gateways);
        var (began, injected) = (time.GetTimestamp(), 0);
        foreach (var fault in faults)
        {
            // One takes longer than another to be over; the run does not.
            if (time.GetElapsedTime(began) > options.Duration)
                break;
            var wait = fault.At - time.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time);
            Terminal.Say($"  {time.GetElapsedTime(began).TotalSeconds,6:0.0} s  {load.Live,5} live  {Describe(fault)}");
            await rig.InjectAsync(fault);
            injected++;
        }

        var rest = options.Duration - time.GetElapsedTime(began);
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest, time);
        await over.CancelAsync();
        await spending;
        rig.Provider.Stripe.Faults.Clear();
        await rig.WhenReadyAsync();
        await load.StopAsync();

        var books = new FaultBooks(rig.Database);
        var quiet = await WhenQuietAsync(books);
        var oracle = new FaultOracle(rig.Provider.Truth, load.Attempts.ToDictionary(attempt => attempt.Tag, StringComparer.Ordinal));
        var totals = oracle.Judge(injected, await books.UpstreamsAsync(), await books.WalletsAsync(), await books.ExportsAsync(), rig.Provider.Stripe);
        var stripe = rig.Provider.Stripe;
        Terminal.Say($"  {load.Attempts.Count} sessions, quiet after {quiet.TotalSeconds:0.0} s; {oracle.ClampedMs / 1000m:0.000} s held back by the clock guard");
        Terminal.Say($"  sink: {stripe.Counts}");
        foreach (var finding in oracle.Findings.Concat(stripe.ContractViolations).Take(20))
            Terminal.Say($"  UNEXPLAINED: {finding}");
        foreach (var broken in oracle.Broken.Take(20))
            Terminal.Say($"  LOST OR OVERRUN: {broken}");
        return totals;
    }

    private static string Describe(Fault fault) => fault.Kind switch
    {
        FaultKind.KillGateway             => $"kill -9 gateway {fault.Gateway}; the next one's clock is {fault.SkewSeconds:+0;-0;0} s off",
        FaultKind.CrashDatabase           => $"PostgreSQL crashes, away for {fault.Lasts.TotalSeconds:0.0} s",
        FaultKind.KillWhileDatabaseIsAway => $"PostgreSQL crashes, away for {fault.Lasts.TotalSeconds:0.0} s; kill -9 gateway {fault.Gateway} meanwhile",
        FaultKind.SinkFaults              => $"the sink errs for {fault.Lasts.TotalSeconds:0.0} s",
        _                                 => fault.ToString(),
    };

    /// <summary>Tops the poor tenant up with less than its sessions spend, again and again.</summary>
    private static async Task KeepPoorAsync(FaultTenants tenants, int sessions, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, over);
                await tenants.TopUpAsync(Math.Max(1, sessions / 8));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (exception is Npgsql.NpgsqlException)
            {
                // The database is away; what was posted and not answered is found by its key in the books.
            }
        }
    }

    private static async Task<TimeSpan> WhenQuietAsync(FaultBooks books)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var unfinished = await books.UnfinishedAsync();
            var exports = await books.ExportsAsync();
            if (unfinished == (0, 0, 0, 0) && exports.All(export => export.Ledger == export.Items && export.Unsent == 0))
                return TimeProvider.System.GetElapsedTime(since);
            if (TimeProvider.System.GetElapsedTime(since) > Quiet)
            {
                Terminal.Say($"  not quiet after {Quiet.TotalSeconds:0} s: {unfinished} sessions, runs, unsettled, holds; {string.Join("; ", exports)}");
                return Quiet;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }
    }
}
