using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Hosting;

/// <summary>The checks on the host of this process, as a program runs it alone.</summary>
public class PlainInProcessGrainChecks() : InProcessGrainChecks(new InProcessGrainsOptions());

/// <summary>The checks on the host of this process, as tests run it. Random ends have tests of their own: these count lives.</summary>
public class StrictInProcessGrainChecks() : InProcessGrainChecks(new InProcessGrainsOptions { Strict = true, EndProbability = 0 });

public abstract class InProcessGrainChecks(InProcessGrainsOptions options) : GrainChecks, IAsyncLifetime
{
    private readonly GrainHost _host = GrainHost.Start(options, AddGrains);

    protected override IGrains Grains => _host.Grains;
    protected override Journals Journals => _host.Journals;

    public Task InitializeAsync() => Task.CompletedTask;
    public async Task DisposeAsync() => await _host.DisposeAsync();

    protected override Task PassTimeAsync(TimeSpan span)
    {
        _host.Time.Advance(span);
        return Task.CompletedTask;
    }

    protected override Task IdleUntilAsync(Task happened) => _host.IdleUntilAsync(happened);

    internal static void AddGrains(IServiceCollection services) => services
        .AddScoped<Pumps>()
        .AddGrain<ITurnGrain, TurnGrain>()
        .AddGrain<ILifeGrain, LifeGrain>()
        .AddGrain<ICallerGrain, CallerGrain>()
        .AddGrain<IPumpGrain, PumpGrain>();
}
