using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Orchestrator.Gateway.Telemetry;

/// <summary>
/// Sends the process's metrics by OTLP from its start to its end. Where, how and how often are the standard variables
/// <c>OTEL_EXPORTER_OTLP_*</c> and <c>OTEL_METRIC_EXPORT_*</c>, whom it calls itself <c>OTEL_SERVICE_NAME</c> and
/// <c>OTEL_RESOURCE_ATTRIBUTES</c>; the program's other configuration may hold them as well.
/// </summary>
internal sealed partial class MetricsExport(IConfiguration configuration, ILogger<MetricsExport> logger) : IHostedService, IDisposable
{
    /// <summary>How long the last figures may take. A collector that is away must not hold up the end.</summary>
    private const int FarewellMilliseconds = 1_000;

    private MeterProvider? _provider;

    /// <summary>Begins; what is measured already is in the first batch.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var endpoint = Collector.Of(configuration)!;
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .SetResourceBuilder(Process())
            .AddMeter(ExportedMetrics.Meters)
            .AddView(ExportedMetrics.Shape)
            .AddOtlpExporter()
            .Build();
        LogExporting(endpoint.Host, endpoint.Port);
        return Task.CompletedTask;
    }

    /// <summary>Sends what was measured last, the drain included: hosted services stop after it.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _provider?.Shutdown(FarewellMilliseconds);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _provider?.Dispose();

    /// <summary>Who measured. What the environment says comes last and so wins.</summary>
    private static ResourceBuilder Process() => ResourceBuilder.CreateEmpty()
        .AddTelemetrySdk()
        .AddService(
            "orchestrator",
            serviceVersion: typeof(MetricsExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}")
        .AddEnvironmentVariableDetector();

    [LoggerMessage(1901, LogLevel.Information, "Metrics go by OTLP to {Host} port {Port}")]
    private partial void LogExporting(string host, int port);
}
