namespace Orchestrator.Gateway.Telemetry;

/// <summary>Where metrics go, by the names that every OpenTelemetry program knows.</summary>
internal static class Collector
{
    /// <summary>The more particular one first, as the exporter reads them.</summary>
    private static readonly string[] Names = ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

    /// <summary>The collector's address; null where none is named. Fails with one sentence: the exporter would quietly send to its default instead.</summary>
    public static Uri? Of(IConfiguration configuration)
    {
        foreach (var name in Names)
        {
            if (configuration[name] is { Length: > 0 } text)
            {
                return Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
                    ? address
                    : throw new StartException($"{name} must be an address such as http://collector:4317; metrics would go nowhere.");
            }
        }

        return null;
    }
}
