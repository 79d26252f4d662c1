using System.Collections.Concurrent;

namespace Orchestrator.Tests.Support;

/// <summary>
/// What a <see cref="ChildGateway"/> runs here: a silo, in the shape that <c>ORCHESTRATOR_CLUSTER_SHAPE</c> names. The membership
/// of a cluster lives in its database, so every world of a test is a cluster by itself.
/// </summary>
internal static class ProgramUnderTest
{
    /// <summary>The program, whatever verb it is given.</summary>
    public const string Program = "orchestrator-silo.dll";

    private static readonly ConcurrentDictionary<string, SiloPorts> Clusters = new(StringComparer.Ordinal);

    /// <summary><c>one</c> silo (the default), <c>three</c> of which clients use the first, or a <c>gateway</c> alone before one silo.</summary>
    public static string Shape { get; } = Environment.GetEnvironmentVariable("ORCHESTRATOR_CLUSTER_SHAPE") is { Length: > 0 } shape ? shape : "one";

    /// <summary>The process that clients connect to, and those that must run before it: they come with the first of a cluster.</summary>
    public static (Launch Program, IReadOnlyList<Launch> Beside) For(IReadOnlyDictionary<string, string> settings)
    {
        var ports = new SiloPorts();
        var isFirst = Clusters.TryAdd(settings["ConnectionStrings:Orchestrator"], ports);
        ports = Clusters[settings["ConnectionStrings:Orchestrator"]];
        var others = SiloLaunch.Beside(settings);
        return Shape switch
        {
            "one"     => (SiloLaunch.Silo(settings, ports), []),
            "three"   => (SiloLaunch.Silo(settings, ports), isFirst ? [SiloLaunch.Silo(others, ports), SiloLaunch.Silo(others, ports)] : []),
            "gateway" => (SiloLaunch.Gateway(settings), isFirst ? [SiloLaunch.SiloForGateways(others, ports)] : []),
            _         => throw new InvalidOperationException($"ORCHESTRATOR_CLUSTER_SHAPE is '{Shape}'; it is one, three or gateway."),
        };
    }
}
