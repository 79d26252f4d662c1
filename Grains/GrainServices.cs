using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Dialling;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Policies;
using Orchestrator.Grains.Policies.Moderation;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Providers.LiveStyler;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Providers.OpenAILive;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Policies;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Grains;

/// <summary>What a process that relays sessions is made of, whoever hosts its grains and wherever its rows are kept.</summary>
public static class GrainServices
{
    /// <summary>Relays, meters, journal, lease and loops. The stores behind the ports, <c>IGrains</c> and the meter factory are the host's to add.</summary>
    public static IServiceCollection AddRelaying(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);

        services.AddDecart();
        services.AddLiveStyler();
        services.AddOpenAI();
        services.AddOpenAILive();
        services.AddSingleton<ProviderCatalog>();
        services.AddSingleton<ProviderNames>();
        services.AddSingleton<UpstreamSockets>();
        services.AddSingleton<IUpstreamDialer, UpstreamDialer>();

        services.AddSingleton<TenantDirectory>();
        services.AddDocument<TenantSettingsDocument>(TenantSettingsGrain.Document);
        services.AddDocument<TenantPolicyDocument>(TenantPolicyGrain.Document);
        services.AddSingleton<SessionClaims>();
        services.AddSingleton<SessionJournal>();
        services.AddSingleton<SessionMetrics>();
        services.AddSingleton<RelayServices>();
        services.AddSingleton<PolicyMetrics>();
        services.AddSingleton<PolicyServices>();
        services.AddSingleton<Moderator>();
        services.TryAddSingleton<GuardedDialer>();
        services.AddSingleton<RelaySweep>();
        services.AddSingleton<LinkedSessions>();
        services.AddSingleton<Retention>();

        services.AddSingleton<MarkBook>();
        services.AddSingleton<MarkFlusher>();
        services.AddSingleton<Settlements>();
        services.AddSingleton<Settler>();
        services.AddSingleton<TokenCharges>();
        services.AddSingleton<BillingMetrics>();

        services.AddDraining();
        services.TryAddSingleton<IPeers, NoPeers>();
        services.AddSingleton<IsolationWatch>();
        services.AddSingleton<ProcessLease>();
        services.AddSingleton<LostCalls>();
        services.AddSingleton<Reaper>();
        services.AddSingleton<ProcessRuntime>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ProcessRuntime>());
        return services;
    }

    /// <summary>What lets sessions leave before the host stops; part of relaying, and by itself for a process that only has clients.</summary>
    public static IServiceCollection AddDraining(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SessionRegistry>();
        services.TryAddSingleton<Drain>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DrainAtStop>());
        return services;
    }
}
