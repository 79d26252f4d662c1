namespace Orchestrator.Benchmarks.Faults;

/// <summary>Something that goes wrong.</summary>
internal enum FaultKind
{
    /// <summary>A gateway is killed with SIGKILL and started again.</summary>
    KillGateway,
    /// <summary>PostgreSQL is stopped as a crash would, and comes back after a while.</summary>
    CrashDatabase,
    /// <summary>The same, and a gateway is killed while it is away.</summary>
    KillWhileDatabaseIsAway,
    /// <summary>For a while the sink errs, drops connections before and after it did its work, refuses and delays.</summary>
    SinkFaults,
}

/// <summary>One fault of a plan.</summary>
/// <param name="At">When, from the beginning.</param>
/// <param name="Kind">What.</param>
/// <param name="Gateway">Which gateway is killed.</param>
/// <param name="SkewSeconds">By how much the wall clock of the one that replaces it is wrong.</param>
/// <param name="Lasts">How long the database is away, or the sink errs.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, int Gateway, int SkewSeconds, TimeSpan Lasts);

/// <summary>What goes wrong when: the same for the same seed.</summary>
internal static class FaultPlan
{
    /// <summary>By how much a wall clock may be wrong.</summary>
    public const int MaxSkewSeconds = 5;

    /// <summary>A fault about every so often, the first one after things have begun to move.</summary>
    public static IReadOnlyList<Fault> Make(int seed, TimeSpan duration, TimeSpan every, int gateways)
    {
        // Dice of a test, not of a lock: they must fall alike for the same seed.
#pragma warning disable CA5394
        var random = new Random(seed);
        var faults = new List<Fault>();
        for (var at = every; at < duration - TimeSpan.FromSeconds(2); at += every)
        {
            var kind = random.Next(10) switch
            {
                < 4 => FaultKind.KillGateway,
                < 6 => FaultKind.CrashDatabase,
                < 7 => FaultKind.KillWhileDatabaseIsAway,
                _   => FaultKind.SinkFaults,
            };
            var lasts = TimeSpan.FromMilliseconds(kind is FaultKind.SinkFaults ? random.Next(1_000, 6_000) : random.Next(0, 2_500));
            faults.Add(new Fault(
                at + TimeSpan.FromMilliseconds(random.Next(0, 1_000)), kind, random.Next(gateways), random.Next(-MaxSkewSeconds, MaxSkewSeconds + 1), lasts));
        }
#pragma warning restore CA5394

        return faults;
    }
}
