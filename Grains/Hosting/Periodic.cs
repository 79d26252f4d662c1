using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Hosting;

/// <summary>
/// Something a process does again and again until it stops. One run is over before the next begins; a run that fails is
/// logged once until one succeeds, and tried again at the next turn.
/// </summary>
public sealed partial class Periodic(string name, TimeSpan interval, Func<CancellationToken, Task> run, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private bool _failing;
    private bool _isDisposed;

    /// <summary>Begins; the first run is due after one interval.</summary>
    public void Start()
    {
        _loop = Background.RunAsync(LoopAsync);
    }

    /// <summary>Stops after the run that is under way. Repeating it is safe: a container disposes of what it knows by two names twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                await RunAsync();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await run(_stop.Token);
            if (_failing)
                LogRecovered(logger, name);
            _failing = false;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
#pragma warning disable CA1031 // There is no caller that could be told; the log is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!_failing)
                LogFailed(logger, exception, name);
            _failing = true;
        }
    }

    [LoggerMessage(1011, LogLevel.Error, "The {Name} failed and is tried again at its next turn")]
    private static partial void LogFailed(ILogger logger, Exception exception, string name);

    [LoggerMessage(1012, LogLevel.Information, "The {Name} works again")]
    private static partial void LogRecovered(ILogger logger, string name);
}
