using Orchestrator.Gateway.Health;

namespace Orchestrator.Silo.Processes;

/// <summary>Why a process of a cluster should get no new sessions, beside the reasons that every process has.</summary>
internal static class ClusterReadiness
{
    /// <summary>A silo that its cluster does not count as a member yet, or not any more.</summary>
    public static IServiceCollection AddSiloReadiness(this IServiceCollection services) =>
        services.AddUnreadyWhen("silo_not_active", provider => provider.GetRequiredService<ISiloStatusOracle>().CurrentStatus is not SiloStatus.Active);

    /// <summary>A client of the cluster that reaches no silo.</summary>
    public static IServiceCollection AddClientReadiness(this IServiceCollection services) => services
        .AddSingleton<ClusterConnection>()
        .AddSingleton<IClusterConnectionStatusObserver>(provider => provider.GetRequiredService<ClusterConnection>())
        .AddUnreadyWhen("cluster_unreachable", provider => provider.GetRequiredService<ClusterConnection>().IsLost);

    /// <summary>Hears from Orleans' client whether there is a silo at the other end.</summary>
    private sealed class ClusterConnection : IClusterConnectionStatusObserver
    {
        private volatile bool _isLost;

        public bool IsLost => _isLost;

        public void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered) =>
            _isLost = currentNumberOfGateways == 0;

        public void NotifyClusterConnectionLost() => _isLost = true;
    }
}
