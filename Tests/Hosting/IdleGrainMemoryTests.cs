using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Hosting;

/// <summary>What a grain costs that lives and does nothing.</summary>
[Collection(nameof(IdleGrainMemoryTests))]
public class IdleGrainMemoryTests(ITestOutputHelper output)
{
    private const int Grains = 100_000;
    private const int MaxBytes = 1536;

    [Fact]
    public async Task A_hundred_thousand_idle_grains_cost_at_most_one_and_a_half_kilobytes_each()
    {
        await using var host = GrainHost.Start(
            new InProcessGrainsOptions { IdleTimeout = TimeSpan.FromDays(1), EndTimeout = TimeSpan.FromSeconds(20) },
            services => services.AddScoped<Pumps>().AddGrain<IPlainGrain, PlainGrain>(),
            TimeProvider.System);
        // The code and the first of everything are not what a grain costs.
        await TouchAsync(host, 0, 1_000);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await TouchAsync(host, 1_000, Grains);
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Grains;

        output.WriteLine($"{host.Grains.Count<IPlainGrain>():N0} idle grains, {each:N0} bytes each, key and dictionary included");
        Assert.Equal(Grains + 1_000, host.Grains.Count<IPlainGrain>());
        Assert.InRange(each, 1, MaxBytes);
    }

    private static async Task TouchAsync(GrainHost host, int first, int count)
    {
        foreach (var chunk in Enumerable.Range(first, count).Chunk(1_000))
            await Task.WhenAll(chunk.Select(i => host.Grains.Get<IPlainGrain>($"session-{i:D24}").TouchAsync()));
    }
}

/// <summary>No other test allocates while memory is measured.</summary>
[CollectionDefinition(nameof(IdleGrainMemoryTests), DisableParallelization = true)]
public sealed class IdleGrainMemoryCollection;

/// <summary>A grain with a little state.</summary>
[Grain]
public interface IPlainGrain
{
    /// <summary>How often it was touched.</summary>
    Task<int> TouchAsync();
}

/// <inheritdoc cref="IPlainGrain"/>
public class PlainGrain(IGrainLife life, Pumps pumps) : IPlainGrain
{
    private int _touched;

    public Task<int> TouchAsync()
    {
        ArgumentNullException.ThrowIfNull(pumps);
        life.StayFor(TimeSpan.FromHours(1));
        return Task.FromResult(++_touched);
    }
}
