using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Orchestrator.Simulator.Demo;

/// <summary>
/// The operator's program, asked at its command line: what the platform pays is told nowhere else. It gets our environment, and
/// with it the database.
/// </summary>
internal sealed class OperatorProgram(IReadOnlyList<string> command)
{
    /// <summary>What it knows of a session's money.</summary>
    public async Task<OperatorView> AskAsync(string session, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command.Skip(1).Concat(["invoice", "session", session, "--json"]))
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start) ?? throw new DemoException($"The operator's program {command[0]} does not start.");
            try
            {
                var (said, complained) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
                await process.WaitForExitAsync(cancellationToken);
                if (process.ExitCode != 0)
                    throw new DemoException($"The operator's program ended with {process.ExitCode}: {(await complained).Trim()}");
                return JsonSerializer.Deserialize<OperatorView>(await said, JsonSerializerOptions.Web) ?? throw new JsonException("it is null");
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
        catch (Exception exception) when (exception is Win32Exception or JsonException)
        {
            throw new DemoException($"The operator's program {string.Join(' ', command)} cannot be asked: {exception.Message}");
        }
    }
}
