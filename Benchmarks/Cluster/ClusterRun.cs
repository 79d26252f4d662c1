using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary>What a cluster used in one round; processor time in seconds of it per second.</summary>
/// <param name="Idle">All silos without a session.</param>
/// <param name="Quiet">All silos with sessions that only tick.</param>
/// <param name="Busy">All silos with the same sessions and their messages.</param>
/// <param name="Postgres">The database meanwhile.</param>
/// <param name="MessagesPerSecond">Messages that went there and back.</param>
internal sealed record ClusterSample(double Idle, double Quiet, double Busy, double Postgres, double MessagesPerSecond);

/// <summary>
/// Clusters of several sizes side by side, warm, and one after the other under the same load: round by round, so that a
/// machine that slows down slows all of them.
/// </summary>
internal static class ClusterRun
{
    public static async Task<IReadOnlyDictionary<int, List<ClusterSample>>> MeasureAsync(ClusterPlan plan)
    {
        var postmaster = await Postmaster.FindAsync();
        await using var provider = await ProviderProcess.StartAsync();
        List<ClusterUnderTest> clusters = [];
        try
        {
            foreach (var size in plan.Sizes)
            {
                Terminal.Say($"start: {Silos(size)}");
                clusters.Add(await ClusterUnderTest.StartAsync(size, provider));
            }

            // A silo lives for days; what its first seconds cost, compilation above all, is not what a message costs.
            foreach (var cluster in clusters)
            {
                Terminal.Say($"warm-up: {Silos(cluster.Size)}");
                await SampleAsync(cluster, plan with { Idle = TimeSpan.Zero, Window = plan.WarmUp / 2 }, postmaster);
            }

            var samples = clusters.ToDictionary(cluster => cluster.Size, _ => new List<ClusterSample>());
            for (var round = 1; round <= plan.Rounds; round++)
            {
                foreach (var cluster in clusters)
                {
                    Terminal.Say($"round {round} of {plan.Rounds}: {Silos(cluster.Size)}");
                    samples[cluster.Size].Add(await SampleAsync(cluster, plan, postmaster));
                }
            }

            return samples;
        }
        finally
        {
            foreach (var cluster in clusters)
                await cluster.DisposeAsync();
        }
    }

    private static async Task<ClusterSample> SampleAsync(ClusterUnderTest cluster, ClusterPlan plan, int postmaster)
    {
        var idle = await WatchAsync(cluster, plan.Idle, () => 0, postmaster);
        var sample = await LoadAsync(cluster, plan, idle.Silos, postmaster);
        // What the end of its sessions costs belongs to nobody's window.
        await WaitAsync(plan.Settle);
        return sample;
    }

    private static async Task<ClusterSample> LoadAsync(ClusterUnderTest cluster, ClusterPlan plan, double idle, int postmaster)
    {
        await using var load = await PacedLoad.OpenAsync(cluster.Sessions(plan.Sessions), plan.Concurrency);
        await WaitAsync(plan.Settle);
        var quiet = await WatchAsync(cluster, plan.Window, () => load.Echoes, postmaster);

        using var enough = new CancellationTokenSource();
        var sending = Task.Run(() => load.SendAsync(plan.MessagesPerSecond, enough.Token));
        await WaitAsync(plan.Settle);
        var busy = await WatchAsync(cluster, plan.Window, () => load.Echoes, postmaster);
        await enough.CancelAsync();
        await sending;
        await load.EnsureWholeAsync();
        return new ClusterSample(idle, quiet.Silos, busy.Silos, busy.Postgres, busy.Messages);
    }

    /// <summary>What was used and what came back in each second of a while.</summary>
    private static async Task<(double Silos, double Postgres, double Messages)> WatchAsync(ClusterUnderTest cluster, TimeSpan span, Func<long> echoes, int postmaster)
    {
        if (span == TimeSpan.Zero)
            return default;
        var (silos, postgres, messages, began) = (cluster.ProcessorSeconds, Postmaster.Seconds(postmaster), echoes(), TimeProvider.System.GetTimestamp());
        await WaitAsync(span);
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        return ((cluster.ProcessorSeconds - silos) / seconds, (Postmaster.Seconds(postmaster) - postgres) / seconds, (echoes() - messages) / seconds);
    }

    private static Task WaitAsync(TimeSpan span) => Task.Delay(span, TimeProvider.System);

    private static string Silos(int count) => count == 1 ? "1 silo" : $"{count} silos";
}
