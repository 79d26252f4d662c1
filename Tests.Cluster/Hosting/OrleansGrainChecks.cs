using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>The checks on one silo.</summary>
public class OneSiloGrainChecks(OneSiloGrainChecks.One cluster) : OrleansGrainChecks(cluster), IClassFixture<OneSiloGrainChecks.One>
{
    public sealed class One() : CheckCluster(silos: 1);
}

/// <summary>The checks on three silos: most grains are on another one than their caller.</summary>
public class ThreeSilosGrainChecks(ThreeSilosGrainChecks.Three cluster) : OrleansGrainChecks(cluster), IClassFixture<ThreeSilosGrainChecks.Three>
{
    public sealed class Three() : CheckCluster(silos: 3);
}

/// <summary>The checks on Orleans. Time is real there: nobody moves it, and what is awaited comes by itself.</summary>
public abstract class OrleansGrainChecks(CheckCluster cluster) : GrainChecks
{
    protected override IGrains Grains => cluster.Grains;
    protected override Journals Journals => cluster.Journals;

    protected override async Task PassTimeAsync(TimeSpan span)
    {
        using var timer = new PeriodicTimer(span);
        await timer.WaitForNextTickAsync();
    }

    protected override Task IdleUntilAsync(Task happened) => happened.WaitAsync(TimeSpan.FromSeconds(60));
}
