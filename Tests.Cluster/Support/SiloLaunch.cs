namespace Orchestrator.Tests.Support;

/// <summary>Silos and gateways of a cluster on this machine, to be started.</summary>
internal static class SiloLaunch
{
    /// <summary>A silo that serves clients too.</summary>
    public static Launch Silo(IReadOnlyDictionary<string, string> settings, SiloPorts ports, string program = ProgramUnderTest.Program)
    {
        var port = ports.Take();
        return new Launch(program, With(settings, ("Cluster:SiloPort", $"{port}")), () => ports.Return(port));
    }

    /// <summary>A silo that hosts grains alone, and lets gateways in.</summary>
    public static Launch SiloForGateways(IReadOnlyDictionary<string, string> settings, SiloPorts ports)
    {
        var (port, gatewayPort) = (ports.Take(), ports.Take());
        return new Launch(
            ProgramUnderTest.Program,
            With(settings, ("Cluster:Role", "silo"), ("Cluster:SiloPort", $"{port}"), ("Cluster:GatewayPort", $"{gatewayPort}")),
            () =>
            {
                ports.Return(port);
                ports.Return(gatewayPort);
            });
    }

    /// <summary>A process that serves clients and hosts no grain.</summary>
    public static Launch Gateway(IReadOnlyDictionary<string, string> settings) => new(ProgramUnderTest.Program, With(settings, ("Cluster:Role", "gateway")));

    /// <summary>For a process beside the one that clients use: where that one listens is its own affair.</summary>
    public static IReadOnlyDictionary<string, string> Beside(IReadOnlyDictionary<string, string> settings) =>
        settings.Where(setting => setting.Key is not ("urls" or "PrivatePort")).ToDictionary();

    // A gateway alone has nobody who would take new sessions meanwhile, so it does not wait for the old ones; neither does what stands for it.
    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> settings, params (string Name, string Value)[] more)
    {
        var all = new Dictionary<string, string>(settings);
        foreach (var (name, value) in more.Append(("Process:DrainGrace", "00:00:00")).Append(("Process:DrainTimeout", "00:00:04")))
            all.TryAdd(name, value);
        return all;
    }
}
