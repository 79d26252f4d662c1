using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Orchestrator.Grains.Hosting.InProcess;

namespace Orchestrator.Gateway;

/// <summary>What of the configuration is not an options class.</summary>
internal static class GatewayConfiguration
{
    /// <summary>The application role's connection string.</summary>
    public static string ConnectionString(IConfiguration configuration) => configuration.GetConnectionString("Orchestrator") is { Length: > 0 } connection
        ? connection
        : throw new StartException("Set ConnectionStrings__Orchestrator to a PostgreSQL connection string, or start with ./run, which brings its own database.");

    /// <summary>The owner role's connection string, where this process may migrate.</summary>
    public static string? OwnerConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString("OrchestratorOwner") is { Length: > 0 } connection ? connection : null;

    /// <summary>Strict grains are for tests; see the host's options.</summary>
    public static InProcessGrainsOptions Grains(IConfiguration configuration) => new() { Strict = configuration.GetValue("Grains:Strict", defaultValue: false) };

    /// <summary>Forwarded headers count only from the networks in <c>TrustedProxies</c>, such as <c>10.0.0.0/8</c>; by default from none.</summary>
    public static void Proxies(IConfiguration configuration, ForwardedHeadersOptions options)
    {
        options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in configuration.GetSection("TrustedProxies").Get<string[]>() ?? [])
        {
            options.KnownIPNetworks.Add(System.Net.IPNetwork.TryParse(network, out var parsed)
                ? parsed
                : throw new StartException($"TrustedProxies holds '{network}'; networks are written like 10.0.0.0/8."));
        }

        // Without a trusted network nothing is forwarded; the framework takes two empty lists for "from anyone".
        if (options.KnownIPNetworks.Count == 0)
            options.ForwardedHeaders = ForwardedHeaders.None;
    }

    /// <summary>
    /// The port, one of those that the process listens on, that only operators can reach: what is not for everybody is answered
    /// to connections that came in there, and to nobody where none is set.
    /// </summary>
    public static int? PrivatePort(IConfiguration configuration) => configuration.GetValue<int?>("PrivatePort");

    /// <summary>Bounds of requests before anybody is authenticated.</summary>
    public static void Kestrel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }

    /// <summary>
    /// Credentials travel in the query, so nothing may log one, whatever level the configuration asks for. A rule of the
    /// configuration that is longer than ours, or names a sink, goes before ours; so every rule there is gets ours as a filter.
    /// </summary>
    public static void Logging(ILoggingBuilder logging) => logging.Services.PostConfigure<LoggerFilterOptions>(options =>
    {
        var rules = options.Rules.Prepend(new LoggerFilterRule(providerName: null, categoryName: null, options.MinLevel, filter: null)).ToList();
        options.Rules.Clear();
        foreach (var rule in rules)
        {
            options.Rules.Add(new LoggerFilterRule(rule.ProviderName, rule.CategoryName, rule.LogLevel, (provider, category, level) =>
                MayPrint(category, level) && (rule.Filter?.Invoke(provider, category, level) ?? true)));
        }
    });

    /// <summary>The web framework prints addresses, headers and routes below warnings, and bad requests as they came at any level.</summary>
    private static bool MayPrint(string? category, LogLevel level) => category is null
        || ((level >= LogLevel.Warning || !category.StartsWith("Microsoft.AspNetCore", StringComparison.OrdinalIgnoreCase))
            && !Printers.Any(printer => category.StartsWith(printer, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Prints an error for every time that somebody asks whether a process is ready which is not; the answer says it already.</summary>
    private const string HealthChecks = "Microsoft.Extensions.Diagnostics.HealthChecks";

    private static readonly string[] Printers =
    [
        HealthChecks,
        "Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests",
        "Microsoft.AspNetCore.HttpLogging", "Microsoft.AspNetCore.Routing",
    ];
}
