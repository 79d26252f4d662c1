using System.Diagnostics;

namespace Orchestrator.Tests.Support;

/// <summary>
/// A durable PostgreSQL of a test's own, which it may stop as roughly as it likes. The script that gives everybody a database
/// makes it, and deletes it with all its data at the end.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static int _started;

    private readonly string _name;

    private PrivatePostgres(string name) => _name = name;

    /// <summary>For the application's role.</summary>
    public string Application { get; private set; } = "";

    /// <summary>For the owner's.</summary>
    public string Owner { get; private set; } = "";

    /// <summary>Makes and starts one.</summary>
    public static async Task<PrivatePostgres> StartAsync(string purpose)
    {
        var postgres = new PrivatePostgres($"{purpose}-{Environment.ProcessId}-{Interlocked.Increment(ref _started)}");
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

    /// <summary>Stops it as a crash would: at once, every connection cut.</summary>
    public Task CrashAsync() => RunAsync("stop", _name, "--mode", "immediate");

    /// <summary>Starts it again, at the same address.</summary>
    public async Task GoOnAsync()
    {
        var settings = (await RunAsync("start", _name)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim('\''), StringComparer.Ordinal);
        Application = settings["ConnectionStrings__Orchestrator"];
        Owner = settings["ConnectionStrings__OrchestratorOwner"];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("destroy", _name);

    private static Task<string> RunAsync(params string[] arguments) => ScriptAsync(Patience, "postgres", arguments);

    /// <summary>Runs a script of the checkout, and answers what it printed.</summary>
    internal static async Task<string> ScriptAsync(TimeSpan timeout, string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Checkout.Folder, "scripts", name), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var complaints = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(timeout);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"scripts/{name} {string.Join(' ', arguments)} failed: {await complaints}");
    }
}
