using System.Diagnostics;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>A durable PostgreSQL of this run's own, which may be stopped as roughly as a crash would.</summary>
internal sealed class OwnPostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _name = $"faults-{Environment.ProcessId}";

    private OwnPostgres()
    {
    }

    /// <summary>The connection string of the application's role.</summary>
    public string Application { get; private set; } = "";

    /// <summary>The connection string of the role that owns the tables.</summary>
    public string Owner { get; private set; } = "";

    /// <summary>Makes and starts one.</summary>
    public static async Task<OwnPostgres> StartAsync()
    {
        var postgres = new OwnPostgres();
        try
        {
            await postgres.GoOnAsync();
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops it at once, every connection cut.</summary>
    public Task CrashAsync() => RunAsync("stop", _name, "--mode", "immediate");

    /// <summary>Starts it again, at the same address.</summary>
    public async Task GoOnAsync()
    {
        var settings = (await RunAsync("start", _name)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim('\''), StringComparer.Ordinal);
        (Application, Owner) = (settings["ConnectionStrings__Orchestrator"], settings["ConnectionStrings__OrchestratorOwner"]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("destroy", _name);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(BenchSchema.Required("ORCHESTRATOR_POSTGRES"), arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var complaints = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"scripts/postgres {string.Join(' ', arguments)} failed: {await complaints}");
    }
}
