using System.Diagnostics;
using System.Net.WebSockets;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>What a session costs.</summary>
/// <param name="Bytes">One that does nothing.</param>
/// <param name="SetUpsPerSecond">How many are opened in a second.</param>
internal sealed record SessionFigures(double Bytes, double SetUpsPerSecond);

/// <summary>What a session costs that does nothing, and what it costs to open one.</summary>
internal static class SessionCost
{
    /// <summary>
    /// Opens sessions and waits for the provider's first word on each, so that claim and dial are behind it; then lets them
    /// lie and looks at the Gateway's memory, over what it held before the first one.
    /// </summary>
    public static async Task<SessionFigures> MeasureAsync(int idle, int setUps, int concurrency, TimeSpan settle)
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });

        double perSession;
        await using (var gateway = await GatewayUnderTest.StartAsync("idle"))
        {
            await SettleAsync(settle);
            var empty = gateway.Process.ResidentBytes;
            Terminal.Say($"{idle} idle sessions over an empty process of {empty / 1048576.0:0} MiB");
            var (sockets, _) = await OpenAsync(gateway.Session("sim-idle"), idle, concurrency, invoker);
            await SettleAsync(settle);
            perSession = (gateway.Process.ResidentBytes - empty) / (double)idle;
            Close(sockets);
        }

        await using (var gateway = await GatewayUnderTest.StartAsync("setup"))
        {
            // Warm, as a process is after its first minute.
            var (warm, _) = await OpenAsync(gateway.Session("sim-idle"), setUps / 2, concurrency, invoker);
            Close(warm);
            await SettleAsync(settle);
            Terminal.Say($"{setUps} set-ups, {concurrency} at a time");
            var (sockets, took) = await OpenAsync(gateway.Session("sim-idle"), setUps, concurrency, invoker);
            Close(sockets);
            return new SessionFigures(perSession, setUps / took.TotalSeconds);
        }
    }

    private static async Task<(List<ClientWebSocket> Sockets, TimeSpan Took)> OpenAsync(Uri address, int count, int concurrency, HttpMessageInvoker invoker)
    {
        var sockets = new List<ClientWebSocket>(count);
        var next = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            var buffer = new byte[1024];
            while (Interlocked.Increment(ref next) <= count)
            {
                var socket = await ConnectAsync(address, invoker);
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                var first = await socket.ReceiveAsync(buffer.AsMemory(), timeout.Token);
                if (first.MessageType == WebSocketMessageType.Close)
                    throw new InvalidOperationException($"A session was refused: {socket.CloseStatus} {socket.CloseStatusDescription}");
                lock (sockets)
                    sockets.Add(socket);
            }
        })));
        return (sockets, Stopwatch.GetElapsedTime(started));
    }

    private static async Task<ClientWebSocket> ConnectAsync(Uri address, HttpMessageInvoker invoker)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(address, invoker, timeout.Token);
        return socket;
    }

    private static void Close(List<ClientWebSocket> sockets)
    {
        foreach (var socket in sockets)
            socket.Dispose();
    }

    private static Task SettleAsync(TimeSpan settle) => Task.Delay(settle, TimeProvider.System);
}
