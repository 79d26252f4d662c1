using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Dialling;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>The export, for a host that has Stripe, a secret box and the stores, and has bound <see cref="ExportOptions"/> and <see cref="DiallingOptions"/>.</summary>
public static class ExportServices
{
    /// <summary>The pump, its parts and every sink.</summary>
    public static IServiceCollection AddExport(this IServiceCollection services)
    {
        services.AddSingleton<GuardedDialer>();
        services.AddSingleton<IUsageSink, StripeSink>();
        services.AddSingleton<IUsageSink, CloudEventsSink>();
        services.AddSingleton<IUsageSink, FileSink>();
        services.AddSingleton<UsageSinks>();
        services.AddSingleton<ExportMetrics>();
        services.AddSingleton<ExportBatcher>();
        services.AddSingleton<ExportSender>();
        services.AddSingleton<ExportPump>();
        services.AddSingleton<ErrorReports>();
        return services;
    }
}
