namespace Orchestrator.Gateway.Telemetry;

/// <summary>Metrics as something to add to a host, whatever its role is.</summary>
public static class TelemetryHosting
{
    /// <summary>Exports metrics while the host runs, if the configuration names a collector. Fails with one sentence where it names none that could be one.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        if (Collector.Of(configuration) is not null)
            services.AddHostedService<MetricsExport>();
        return services;
    }
}
