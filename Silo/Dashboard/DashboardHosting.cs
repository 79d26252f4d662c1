using Orchestrator.Silo.Cluster;
using Orleans.Dashboard;

namespace Orchestrator.Silo.Dashboard;

/// <summary>
/// Orleans' own dashboard, for operators: silos, grains, calls. It has no lock of its own and shows much, so it listens on a
/// port of its own on the private address, and only to who has the operator's key.
/// </summary>
internal static class DashboardHosting
{
    /// <summary>Adds what it measures, where it is wanted: every call is timed, which is not free.</summary>
    public static void AddDashboard(this ISiloBuilder silo, ClusterOptions options)
    {
        if (options.DashboardPort != 0)
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
    }

    /// <summary>Listens on its port beside the edge's.</summary>
    public static void ListenForDashboard(this WebApplicationBuilder builder, ClusterOptions options)
    {
        if (options.DashboardPort == 0)
            return;
        var edge = builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey) ?? "http://localhost:5000";
        builder.WebHost.UseUrls($"{edge};http://{options.Address}:{options.DashboardPort}");
    }

    /// <summary>Maps it, on its port alone.</summary>
    public static void MapDashboard(this WebApplication app, ClusterOptions options)
    {
        if (options.DashboardPort == 0)
            return;
        var gate = new OperatorGate(options.DashboardPort, options.OperatorKey!);
        app.MapOrleansDashboard("/dashboard").AddEndpointFilter(gate).ExcludeFromDescription();
    }
}
