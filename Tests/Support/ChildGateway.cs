using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Orchestrator.Tests.Support;

/// <summary>
/// A real Gateway: the program that ships, in a process of its own that a test may stop, pause and kill, and whatever
/// processes it needs beside it. All that they print is kept, for whoever looks for what should not be there.
/// </summary>
public sealed partial class ChildGateway : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IReadOnlyList<ChildGateway> _companions = [];
    private bool _disposed;

    private ChildGateway(Launch launch)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, launch.Program), "serve", "--urls", launch.Settings.GetValueOrDefault("urls", "http://127.0.0.1:0") },
        };
        foreach (var (name, value) in launch.Settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Exited += (_, _) =>
        {
            launch.WhenGone?.Invoke();
            _gone.TrySetResult();
        };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => _listening.Task.IsCompletedSuccessfully
        ? _listening.Task.Result
        : throw new InvalidOperationException("The gateway does not listen yet.");

    /// <summary>All that it and its companions printed so far.</summary>
    public string Output => string.Join('\n', _output.Concat(_companions.Select(companion => companion.Output)));

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>How it left; throws while it runs.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The memory that it holds, as the kernel counts it.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Done when the process is gone.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Starts the program under test and what it needs beside it.</summary>
    public static async Task<ChildGateway> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var (program, beside) = ProgramUnderTest.For(settings);
        var starting = beside.Select(StartAsync).ToList();
        try
        {
            var companions = await Task.WhenAll(starting);
            var gateway = await StartAsync(program);
            gateway._companions = companions;
            return gateway;
        }
        catch
        {
            foreach (var companion in starting)
            {
                await ((Task)companion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (companion.IsCompletedSuccessfully)
                    await (await companion).DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Starts one on a free port of loopback; it listens when the task completes.</summary>
    public static async Task<ChildGateway> StartAsync(Launch launch)
    {
        var gateway = new ChildGateway(launch);
        gateway._process.Start();
        gateway._process.BeginOutputReadLine();
        gateway._process.BeginErrorReadLine();
        try
        {
            var first = await Task.WhenAny(gateway._listening.Task, gateway.Gone).WaitAsync(Patience);
            if (first == gateway.Gone)
                throw new InvalidOperationException($"The gateway ended before it listened. It said:\n{gateway.Output}");
            return gateway;
        }
        catch (TimeoutException exception)
        {
            await gateway.DisposeAsync();
            throw new TimeoutException($"The gateway did not listen within {Patience.TotalSeconds} s. It said:\n{gateway.Output}", exception);
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary><c>kill -9</c>; done when it is gone.</summary>
    /// <returns>The instant of the signal, of the clock that never steps.</returns>
    public async Task<long> KillAsync()
    {
        var at = TimeProvider.System.GetTimestamp();
        Signal(9);
        await Gone.WaitAsync(Patience);
        return at;
    }

    /// <summary>Asks it to stop.</summary>
    /// <returns>How long it took to be gone.</returns>
    public async Task<TimeSpan> TerminateAsync()
    {
        var at = TimeProvider.System.GetTimestamp();
        Signal(15);
        await Gone.WaitAsync(Patience);
        return TimeProvider.System.GetElapsedTime(at);
    }

    /// <summary>Asks it to stop, and does not wait for it.</summary>
    public void AskToStop() => Signal(15);

    /// <summary>Freezes it, as a machine that swaps or a debugger would.</summary>
    public void Pause() => Signal(19);

    /// <summary>Lets it go on.</summary>
    public void Resume() => Signal(18);

    /// <summary>Ends it, in whatever state it is. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var companion in _companions)
            await companion.DisposeAsync();
        if (!_process.HasExited)
            await KillAsync();
        // All that was printed has been read once this returns.
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        const string Announcement = "Now listening on: ";
        if (line.IndexOf(Announcement, StringComparison.Ordinal) is var at and >= 0)
            _listening.TrySetResult(new Uri(line[(at + Announcement.Length)..]));
    }

    private void Signal(int number)
    {
        if (SendSignal(_process.Id, number) != 0 && !_process.HasExited)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Signal {number} did not reach process {_process.Id}."));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
