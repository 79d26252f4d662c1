using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Silo.Cluster;
using Orchestrator.Silo.Hosting;
using Orchestrator.Tests.Support;
using Orleans.Configuration;
using ClusterOptions = Orchestrator.Silo.Cluster.ClusterOptions;

namespace Orchestrator.Tests.Hosting;

/// <summary>Silos of this process, joined as the program joins them, that host the grains of the checks and share their journals.</summary>
public abstract class CheckCluster(int silos) : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestDatabase _database = new();
    private readonly SiloPorts _ports = new();
    private readonly List<IHost> _hosts = [];
    private NpgsqlDataSource? _source;

    /// <summary>The way to the grains from the first silo.</summary>
    public IGrains Grains => _hosts[0].Services.GetRequiredService<IGrains>();

    /// <summary>What the grains write, wherever they are.</summary>
    public Journals Journals { get; } = new();

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _source = NpgsqlDataSource.Create(_database.ConnectionString);
        for (var i = 0; i < silos; i++)
        {
            var host = Build();
            _hosts.Add(host);
            await host.StartAsync();
        }
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        if (_source is not null)
            await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    private IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        // Grains of the checks fail by the dozen, and Orleans tells each.
        builder.Logging.SetMinimumLevel(LogLevel.Critical).AddConsole();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(Journals);
        builder.Services.AddSingleton(new GrainBindings(typeof(CheckCluster).Assembly)).AddSingleton<IGrains, OrleansGrains>();
        builder.UseOrleans(silo =>
        {
            ClusterHosting.HostGrains(silo, new ClusterOptions { SiloPort = _ports.Take() }, _source!, typeof(Note));
            // What is idle is looked for each minute otherwise, and ended after a quarter of an hour.
            silo.Configure<GrainCollectionOptions>(collection =>
                (collection.CollectionQuantum, collection.CollectionAge) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10)));
        });
        return builder.Build();
    }
}
