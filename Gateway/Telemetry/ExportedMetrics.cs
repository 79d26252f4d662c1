using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace Orchestrator.Gateway.Telemetry;

/// <summary>
/// Which meters leave the process, and with which attributes. What others measure is cut down to what is listed here: their
/// attributes name hosts, ports, connection strings and peers, and each of those is also one time series more.
/// </summary>
internal static class ExportedMetrics
{
    private const string Ours = "Orchestrator.";
    private const string Database = "Npgsql";
    private const string Requests = "Microsoft.AspNetCore.Hosting";
    private const string Connections = "Microsoft.AspNetCore.Server.Kestrel";
    private const string Runtime = "System.Runtime";
    private const string Orleans = "Microsoft.Orleans";

    private static readonly string[] Nothing = [];
    private static readonly string[] OfRequests = ["http.request.method", "http.response.status_code", "http.route", "error.type"];
    private static readonly string[] OfConnections = ["error.type", "tls.protocol.version"];
    private static readonly string[] OfOrleans =
    [
        "type", "grain_type", "status", "locator", "directory", "via", "state_type", "state_name", "provider_type_name",
        "Direction", "ConnectionDirection", "MessageDirection", "Phase",
    ];

    /// <summary>The names of the meters, as the exporter takes them.</summary>
    public static string[] Meters => [Ours + "*", Database, Requests, Connections, Runtime, Orleans];

    /// <summary>How an instrument leaves; null: as it is.</summary>
    public static MetricStreamConfiguration? Shape(Instrument instrument) => instrument.Meter.Name switch
    {
        // Its pools are told apart by their connection strings alone. What is observed rather than counted cannot be summed over
        // them afterwards, so it stays here; the duration of commands and who waits for a connection tell the same.
        Database when instrument.IsObservable => MetricStreamConfiguration.Drop,
        Database                              => With(Nothing),
        Requests                              => With(OfRequests),
        Connections                           => With(OfConnections),
        // Peers are told apart by their addresses in what is counted; what is observed names none.
        Orleans when !instrument.IsObservable => With(OfOrleans),
        _                                     => null,
    };

    private static MetricStreamConfiguration With(string[] attributes) => new() { TagKeys = attributes };
}
