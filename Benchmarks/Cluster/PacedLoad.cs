using System.Net.Sockets;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary>
/// Sessions that stay open, and messages that leave at a pace of their own, whatever comes back and when: the work is the same
/// for whoever carries it.
/// </summary>
internal sealed class PacedLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(1);

    private readonly CancellationTokenSource _over = new();
    private readonly LeanSocket[] _sockets;
    private readonly Task[] _reading;
    private long _echoes;

    private PacedLoad(LeanSocket[] sockets)
    {
        _sockets = sockets;
        _reading = [.. sockets.Select(ReadAsync)];
    }

    /// <summary>Messages that came back so far.</summary>
    public long Echoes => Volatile.Read(ref _echoes);

    /// <summary>Opens a session at each address, so many at a time; done when a message has been there and back on each.</summary>
    public static async Task<PacedLoad> OpenAsync(IReadOnlyList<Uri> addresses, int concurrency)
    {
        var sockets = new LeanSocket[addresses.Count];
        using var timeout = new CancellationTokenSource(Patience);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = timeout.Token };
        await Parallel.ForAsync(0, sockets.Length, parallel, async (i, cancellationToken) =>
        {
            sockets[i] = await LeanSocket.ConnectAsync(addresses[i], cancellationToken);
            sockets[i].Send(Prompt.Frame);
            while (await sockets[i].ReceiveAsync(Prompt.Message, cancellationToken) == 0)
            {
                // What comes first is the provider's own.
            }
        });
        return new PacedLoad(sockets);
    }

    /// <summary>Sends so many messages a second, one session after the other, until it is told to stop.</summary>
    public async Task SendAsync(int perSecond, CancellationToken stop)
    {
        var time = TimeProvider.System;
        using var timer = new PeriodicTimer(Beat, time);
        var began = time.GetTimestamp();
        var sent = 0L;
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                for (var due = (long)(time.GetElapsedTime(began).TotalSeconds * perSecond); sent < due; sent++)
                    _sockets[sent % _sockets.Length].Send(Prompt.Frame);
            }
        }
        catch (OperationCanceledException)
        {
            // It was told.
        }
        catch (SocketException)
        {
            // Why it cannot be written to is in what was read last.
            await _reading[sent % _sockets.Length].WaitAsync(Patience, time, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Fails when a session was lost: a load with fewer sessions would look cheap.</summary>
    public Task EnsureWholeAsync() => Array.Find(_reading, reading => reading.IsCompleted) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var socket in _sockets)
            socket.Dispose();
        _over.Dispose();
    }

    private async Task ReadAsync(LeanSocket socket)
    {
        while (true)
            Interlocked.Add(ref _echoes, await socket.ReceiveAsync(Prompt.Message, _over.Token));
    }
}
