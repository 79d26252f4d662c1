using Orleans.Configuration;

namespace Orchestrator.Silo.Cluster;

/// <summary>
/// When silos take one of them for lost, and what they then hold back. These belong together: the directory keeps the grains
/// of a lost silo from being started elsewhere for <c>RangeLeaseDuration</c> less what its detection took, so shorter probes
/// alone would mean longer waits.
/// </summary>
internal static class SiloHealth
{
    /// <summary>How soon a lost silo is noticed.</summary>
    public static void Configure(ClusterMembershipOptions membership)
    {
        // A healthy neighbour answers in milliseconds; after 2 s, three times over, it is asked about elsewhere. A crash is known after 5 to 8 s.
        membership.ProbeTimeout = TimeSpan.FromSeconds(2);
        // What a slow neighbour is granted, and three times of it how long a connection that brought something counts as proof of
        // life: a machine that vanishes without a word is gone after 12 s and not after 60.
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(4);
        membership.NumMissedProbesLimit = 3;
        // Of two silos each must be able to see that the other is gone; of more, one that is cut off itself must not decide alone.
        membership.NumVotesForDeathDeclaration = 2;
        // The row that says "I am alive" is for those who start: one that has not been renewed three times over is passed over, so
        // that a silo that starts alone after the loss of all others joins. A database that is away makes nobody leave the cluster.
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(10);
        // Whoever cannot join by then ends, and is started again by whoever started it, to find those rows too old.
        membership.MaxJoinAttemptTime = TimeSpan.FromMinutes(1);
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(30);
        membership.DefunctSiloExpiration = TimeSpan.FromDays(1);
    }

    /// <summary>What is held back once a silo is lost: nothing, since whatever a grain does counts only under the epoch of its session.</summary>
    public static void Configure(GrainDirectoryOptions directory) => directory.RangeLeaseDuration = TimeSpan.Zero;
}
