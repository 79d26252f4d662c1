namespace Orchestrator.Benchmarks.Support;

/// <summary>A process of the cluster's program, in one of its roles.</summary>
/// <param name="Process">It.</param>
/// <param name="Port">Where it serves clients, or its health alone.</param>
internal sealed record SiloProcess(ChildProcess Process, int Port);

/// <summary>The cluster's program. Its packages are not on every feed, so it is built apart and may be missing.</summary>
internal static class SiloProgram
{
    private static readonly string Program = Environment.GetEnvironmentVariable("ORCHESTRATOR_SILO") ?? "";

    /// <summary>
    /// What <c>BENCH_SILO_ENV</c> adds to the environment of every process of this program, as <c>NAME=VALUE NAME=VALUE</c>:
    /// settings of the host, to choose them by measurement. Null when it adds nothing.
    /// </summary>
    public static string? Experiment { get; } = Environment.GetEnvironmentVariable("BENCH_SILO_ENV") is { Length: > 0 } variables ? variables : null;

    /// <summary>Why it cannot be measured; null when it can.</summary>
    public static string? WhyMissing
    {
        get
        {
            if (File.Exists(Program))
                return null;
            return Environment.GetEnvironmentVariable("ORCHESTRATOR_SILO_MISSING") is { Length: > 0 } reason ? reason : "ORCHESTRATOR_SILO names no orchestrator-silo.dll";
        }
    }

    /// <summary>Starts a process in a role and waits until it is ready.</summary>
    /// <param name="cluster">Processes of one database with this name are one cluster.</param>
    /// <param name="role">As <c>Cluster:Role</c> has it.</param>
    /// <param name="settings">What it finds in its environment beside its part in the cluster.</param>
    public static async Task<SiloProcess> StartAsync(string cluster, string role, IReadOnlyDictionary<string, string> settings)
    {
        var port = Ports.Free();
        var environment = new Dictionary<string, string>(settings)
        {
            ["Cluster__Role"] = role,
            ["Cluster__Id"] = cluster,
            ["Cluster__SiloPort"] = $"{Ports.Free()}",
        };
        // Only a silo that serves no clients itself has others in front of it.
        if (role == "silo")
            environment["Cluster__GatewayPort"] = $"{Ports.Free()}";
        foreach (var pair in (Experiment ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
                throw new InvalidOperationException($"BENCH_SILO_ENV has '{pair}', which is not NAME=VALUE.");
            environment[name] = value;
        }

        var process = ChildProcess.Start("dotnet", [Program, "serve", "--urls", $"http://127.0.0.1:{port}"], environment);
        try
        {
            await process.WhenReadyAsync(port);
            return new SiloProcess(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
