using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Hosting;

/// <summary>
/// The loops a grain keeps beside its turns. They run on the pool, never on a turn: a loop that wants something of its
/// grain calls it like anybody else. A running loop does not keep its grain alive; <see cref="IGrainLife.StayFor"/> does.
/// </summary>
public sealed partial class Pumps(ILogger<Pumps> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    /// <summary>Starts a loop, outside the caller's execution context. It ends when its token is cancelled.</summary>
    public void Start(Func<CancellationToken, Task> loop)
    {
        ObjectDisposedException.ThrowIf(_stop.IsCancellationRequested, this);
        _running.RemoveAll(task => task.IsCompleted);
        _running.Add(Background.RunAsync(() => RunAsync(loop)));
    }

    /// <summary>Cancels every loop and waits for the last of them. Repeating it is safe: a grain and its scope may both do so.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
            await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
#pragma warning disable CA1031 // A loop has no caller that could be told; the log is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogPumpFailed(exception);
        }
    }

    [LoggerMessage(1010, LogLevel.Error, "A pump failed and has ended")]
    private partial void LogPumpFailed(Exception exception);
}
