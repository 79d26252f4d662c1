using System.Net;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Orchestrator.Gateway;
using Orchestrator.Gateway.Health;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Processes;
using Orchestrator.Silo.Billing;
using Orchestrator.Silo.Dashboard;
using Orchestrator.Silo.Documents;
using Orchestrator.Silo.Hosting;
using Orchestrator.Silo.Processes;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Orchestrator.Silo.Cluster;

/// <summary>The gateway's program in a cluster: the same edge and the same grains, hosted by Orleans.</summary>
internal static class ClusterHosting
{
    /// <summary>The name that grain documents and reminders are kept under; the same for every cluster of a database, for ever.</summary>
    private const string ServiceId = "orchestrator";

    private const string Invariant = "Npgsql";

    /// <summary>
    /// Where others take the new sessions, the old ones get time to finish; and leaving a cluster takes longer than ending a
    /// process that is alone.
    /// </summary>
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Process:DrainGrace"] = "00:05:00",
        ["Process:DrainTimeout"] = "00:00:10",
        ["Process:StopTimeout"] = "00:00:10",
    };

    /// <summary>Adds the edge and this process's part in the cluster.</summary>
    public static void AddCluster(WebApplicationBuilder builder)
    {
        var options = Read(builder.Configuration);
        // The weakest of all sources: whatever is configured comes before it.
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults });
        // A process without grains has no relays either: its clients are linked to those of the silos.
        if (options.Kind is ClusterRole.Gateway)
            builder.Configuration["Relay:Linked"] = "true";
        builder.AddGateway();

        Quieten(builder.Logging);
        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(new GrainBindings(typeof(ClusterHosting).Assembly));
        services.AddSingleton<IGrains, OrleansGrains>();
        services.Replace(ServiceDescriptor.Singleton<IStripeTransport, StripeNetTransport>());
        // Orleans opens connections of its own wherever it is not given a source; one pool for all is bounded.
        var source = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(ConnectionOf(builder.Configuration)));

        if (options.Kind is ClusterRole.Gateway)
        {
            builder.UseOrleansClient(client => Join(client, options, source.Value));
        }
        else
        {
            builder.UseOrleans(silo => Join(silo, options, source.Value));
            builder.ListenForDashboard(options);
        }
    }

    /// <summary>Maps the edge, where this process is one.</summary>
    public static void MapCluster(WebApplication app)
    {
        var options = app.Services.GetRequiredService<ClusterOptions>();
        if (options.Kind is ClusterRole.Silo)
            app.MapHealth();
        else
            app.MapGateway();
        if (options.Kind is not ClusterRole.Gateway)
            app.MapDashboard(options);
    }

    private static void Join(IClientBuilder client, ClusterOptions options, NpgsqlDataSource source)
    {
        client.Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Id));
        client.UseAdoNetClustering(clustering => (clustering.Invariant, clustering.DataSource) = (Invariant, source));
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ResponseTimeout);
        client.Services.AddSerializer(serializer => serializer.AddContracts());
        client.AddOutgoingGrainCallFilter<LostSiloRetry>();
        client.Services.AddClientReadiness();
        client.UseSiloTls(options.Tls);
    }

    private static void Join(ISiloBuilder silo, ClusterOptions options, NpgsqlDataSource source)
    {
        HostGrains(silo, options, source);
        silo.Services.Replace(ServiceDescriptor.Singleton<IDocumentStore, ClusterDocumentStore>());
        silo.AddGrainService<PeerService>();
        silo.Services.Replace(ServiceDescriptor.Singleton<IPeers, ClusterPeers>());
        silo.Services.AddSiloReadiness();
        silo.AddDashboard(options);
    }

    /// <summary>Makes a member that hosts grains, with nothing of the edge: whoever has grains of other contracts joins in the same way.</summary>
    internal static void HostGrains(ISiloBuilder silo, ClusterOptions options, NpgsqlDataSource source, params Type[] messages)
    {
        silo.Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ServiceId, cluster.ClusterId) = (ServiceId, options.Id));
        silo.Configure<EndpointOptions>(endpoint =>
        {
            (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (options.Address, options.SiloPort, options.GatewayPort);
            endpoint.SiloListeningEndpoint = new IPEndPoint(options.Address, options.SiloPort);
            endpoint.GatewayListeningEndpoint = options.GatewayPort == 0 ? null : new IPEndPoint(options.Address, options.GatewayPort);
        });
        silo.UseAdoNetClustering(clustering => (clustering.Invariant, clustering.DataSource) = (Invariant, source));
        silo.AddAdoNetGrainStorageAsDefault(storage =>
            (storage.Invariant, storage.DataSource, storage.GrainStorageSerializer) = (Invariant, source, new DocumentSerializer()));
        silo.UseAdoNetReminderService(reminders => (reminders.Invariant, reminders.DataSource) = (Invariant, source));
        silo.AddDistributedGrainDirectory();
        silo.Configure<ClusterMembershipOptions>(SiloHealth.Configure);
        silo.Configure<GrainDirectoryOptions>(SiloHealth.Configure);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = ResponseTimeout);
        silo.Services.AddSerializer(serializer => serializer.AddContracts(messages));
        silo.Services.AddScoped<IGrainLife, ActivationLife>();
        silo.Services.AddScoped<Pumps>();
        silo.AddOutgoingGrainCallFilter<LostSiloRetry>();
        silo.UseSiloTls(options.Tls);
    }

    /// <summary>As long as the in-process host waits, so that both answer an unknown outcome alike.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Orleans tells of every option and every activation; what operators want to hear of it is who joins, leaves and fails.</summary>
    private static void Quieten(ILoggingBuilder logging)
    {
        logging.AddFilter("Orleans", LogLevel.Warning);
        logging.AddFilter("Orleans.Runtime.MembershipService", LogLevel.Information);
        // Its warnings are about the collector, which was chosen by measurement.
        logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
    }

    private static ClusterOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection("Cluster").Get<ClusterOptions>() ?? new ClusterOptions();
        List<System.ComponentModel.DataAnnotations.ValidationResult> wrong = [];
        var context = new System.ComponentModel.DataAnnotations.ValidationContext(options);
        return System.ComponentModel.DataAnnotations.Validator.TryValidateObject(options, context, wrong, validateAllProperties: true)
            ? options
            : throw new StartException(string.Join(' ', wrong.Select(result => result.ErrorMessage)));
    }

    private static string ConnectionOf(IConfiguration configuration) =>
        new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Orchestrator")) { MaxPoolSize = 5, ApplicationName = "orchestrator cluster" }.ConnectionString;
}
