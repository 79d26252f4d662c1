using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>A session that a client opened, or tried to.</summary>
/// <param name="Tag">What the provider knows it by as well.</param>
/// <param name="Gateway">Which process relayed it.</param>
internal sealed record Attempt(string Tag, GatewayLife Gateway);

/// <summary>
/// End users, so many at a time: each opens a session at some gateway, stays for a while, leaves in one of several ways, and comes
/// back. Whoever loses its connection comes back at once.
/// </summary>
internal sealed class FaultLoad(int seed, int sessions, IReadOnlyList<string> keys, Func<Random, GatewayLife> pick) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Attempt> _attempts = new();
    private readonly List<Task> _clients = [];
    private int _live;
    private int _tags;

    /// <summary>Everything that was opened.</summary>
    public IReadOnlyCollection<Attempt> Attempts => _attempts;

    /// <summary>How many clients have a connection now.</summary>
    public int Live => Volatile.Read(ref _live);

    /// <summary>Begins, a few clients at a time.</summary>
    public void Start() => _clients.AddRange(Enumerable.Range(0, sessions).Select(client => Task.Run(() => LiveAsync(client))));

    /// <summary>Everybody leaves, in good order.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task LiveAsync(int client)
    {
        // Dice of a test, not of a lock: they must fall alike for the same seed.
#pragma warning disable CA5394
        var random = new Random(HashCode.Combine(seed, client));
        await PauseAsync(TimeSpan.FromMilliseconds(random.Next(0, 5 * sessions)));
        while (!_stop.IsCancellationRequested)
        {
            var stay = TimeSpan.FromMilliseconds(random.Next(5_000, 90_000));
            await OpenAsync(random, stay, vanishes: random.Next(4) == 0);
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(100, 1_000)));
        }
#pragma warning restore CA5394
    }

    private async Task OpenAsync(Random random, TimeSpan stay, bool vanishes)
    {
#pragma warning disable CA5394
        var (gateway, key, model) = (pick(random), keys[random.Next(keys.Count)], FaultScripts.Models[random.Next(FaultScripts.Models.Count)]);
#pragma warning restore CA5394
        var attempt = new Attempt(Interlocked.Increment(ref _tags).ToString(CultureInfo.InvariantCulture), gateway);
        using var socket = new ClientWebSocket();
        socket.Options.Proxy = null;
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
            _attempts.Enqueue(attempt);
            await socket.ConnectAsync(new Uri(gateway.Stream, $"?api_key={Uri.EscapeDataString(key)}&model={model}&tag={attempt.Tag}"), patience.Token);
            Interlocked.Increment(ref _live);
            try
            {
                await StayAsync(socket, stay, vanishes);
            }
            finally
            {
                Interlocked.Decrement(ref _live);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or IOException)
        {
            // Its gateway is gone, or not there yet: it comes back.
        }
    }

    private async Task StayAsync(ClientWebSocket socket, TimeSpan stay, bool vanishes)
    {
        var reading = ReadAsync(socket);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(reading, Task.Delay(stay, TimeProvider.System, over.Token));
        await over.CancelAsync();
        if (reading.IsCompleted || (vanishes && !_stop.IsCancellationRequested))
        {
            socket.Abort();
        }
        else
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, patience.Token);
            await reading.WaitAsync(patience.Token);
        }

        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[2_048];
        while ((await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
            // What it hears is the provider's truth; the books are compared with that.
        }
    }

    private async Task PauseAsync(TimeSpan pause) => await Task.Delay(pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
