using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>What a round measured.</summary>
/// <param name="MessagesPerSecond">Messages that went there and back.</param>
/// <param name="P50Milliseconds">The time half of them took at most.</param>
/// <param name="P99Milliseconds">The time all but one in a hundred took at most.</param>
/// <param name="ProcessorMicroseconds">What each cost the one in the middle, there and back.</param>
internal sealed record RoundResult(double MessagesPerSecond, double P50Milliseconds, double P99Milliseconds, double ProcessorMicroseconds);

/// <summary>Clients that each send a message, wait for its echo, and send the next: as fast as the way to the echo and back allows.</summary>
internal static class LoadClients
{
    private const int MessageBytes = 120;

    // What a prompt looks like; the rest is filled up to the size.
    private static readonly byte[] Message = Encoding.ASCII.GetBytes(
        """{"type":"prompt","prompt":"a paper cutout world, evening light","enhance_prompt":true,"seed":1""".PadRight(MessageBytes - 2, '0') + " }");

    /// <summary>One round: connects, warms up, measures, leaves.</summary>
    public static async Task<RoundResult> RunAsync(Peer peer, int clients, TimeSpan warmUp, TimeSpan measure, HttpMessageInvoker invoker)
    {
        var address = peer.Address;
        var sockets = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ConnectAsync(address, invoker)));
        var processor = peer.ProcessorSeconds;
        var begin = Stopwatch.GetTimestamp() + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        var end = begin + (long)(measure.TotalSeconds * Stopwatch.Frequency);
        var loops = await Task.WhenAll(sockets.Select(socket => Task.Run(() => LoopAsync(socket, begin, end))));
        processor = peer.ProcessorSeconds - processor;
        foreach (var socket in sockets)
            socket.Dispose();

        var sorted = loops.SelectMany(loop => loop.Latencies).Order().ToList();
        if (sorted.Count == 0)
            throw new InvalidOperationException($"No message came back through {address.Host}:{address.Port}.");
        return new RoundResult(
            sorted.Count / measure.TotalSeconds, Statistics.Percentile(sorted, 0.50), Statistics.Percentile(sorted, 0.99),
            processor * 1e6 / loops.Sum(loop => loop.Messages));
    }

    public static async Task<ClientWebSocket> ConnectAsync(Uri address, HttpMessageInvoker invoker)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(address, invoker, timeout.Token);
        return socket;
    }

    private static async Task<(List<double> Latencies, int Messages)> LoopAsync(ClientWebSocket socket, long begin, long end)
    {
        var latencies = new List<double>(100_000);
        var buffer = new byte[4096];
        var messages = 0;
        long now;
        do
        {
            var sent = Stopwatch.GetTimestamp();
            await socket.SendAsync(Message.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await ReceiveEchoAsync(socket, buffer);
            now = Stopwatch.GetTimestamp();
            messages++;
            if (sent >= begin && now <= end)
                latencies.Add(Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
        }
        while (now < end);
        return (latencies, messages);
    }

    private static async Task ReceiveEchoAsync(ClientWebSocket socket, byte[] buffer)
    {
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
                throw new InvalidOperationException($"The socket was closed: {socket.CloseStatus} {socket.CloseStatusDescription}");
            // Anything else on the socket is the provider's own, such as its ticks.
            if (received is { EndOfMessage: true, Count: MessageBytes } && buffer.AsSpan(0, MessageBytes).SequenceEqual(Message))
                return;
        }
    }
}
