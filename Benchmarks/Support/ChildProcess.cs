using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Orchestrator.Benchmarks.Support;

/// <summary>A process we started and will end. Its output is kept for the case that it fails.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // A program that compiles what it runs, on a machine where others begin with it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Queue<string> _output = new();
    private bool _disposed;

    private ChildProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a program; what it reads from the environment is given beside its arguments.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    /// <summary>Starts one of our own programs, from beside this one.</summary>
    public static ChildProcess StartOwn(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments], environment);

    /// <summary>Memory it holds now, in bytes (VmRSS).</summary>
    public long ResidentBytes => StatusKilobytes("VmRSS:") * 1024;

    /// <summary>Its id.</summary>
    public int Id => _process.Id;

    /// <summary>Waits until something listens on the port; fails with the program's last words.</summary>
    public Task WhenListeningAsync(int port) => WhenAsync(() => TryConnectAsync(port), $"does not listen on port {port}");

    /// <summary>Waits until one of our programs says on this port that it is ready; fails with its last words.</summary>
    public async Task WhenReadyAsync(int port)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var address = new Uri($"http://127.0.0.1:{port}/healthz/ready");
        await WhenAsync(() => AnswersAsync(http, address), $"is not ready on port {port}");
    }

    private async Task WhenAsync(Func<Task<bool>> isTrue, string complaint)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!await isTrue())
        {
            if (_process.HasExited || timeout.IsCancellationRequested)
                throw new InvalidOperationException($"{string.Join(' ', _process.StartInfo.ArgumentList.Prepend(_process.StartInfo.FileName))} {complaint}:\n{LastWords}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    /// <summary>What it printed last.</summary>
    public string LastWords
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task<bool> TryConnectAsync(int port)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address)
    {
        try
        {
            using var answer = await http.GetAsync(address);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private long StatusKilobytes(string name) => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private void Keep(string? line)
    {
        lock (_output)
        {
            if (line is not null)
                _output.Enqueue(line);
            if (_output.Count > 30)
                _output.Dequeue();
        }
    }
}
