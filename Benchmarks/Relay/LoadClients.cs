using System.Diagnostics;
using System.Net.Sockets;
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
    // A window of a smoke run is shorter than what a cold process takes for its first message on a busy machine.
    private static readonly long Patience = 20 * Stopwatch.Frequency;

    /// <summary>One round: connects, warms up, measures, leaves.</summary>
    public static async Task<RoundResult> RunAsync(Peer peer, int clients, TimeSpan warmUp, TimeSpan measure)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var sockets = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => LeanSocket.ConnectAsync(peer.Address, timeout.Token)));
        var processor = peer.ProcessorSeconds;
        var begin = Stopwatch.GetTimestamp() + (long)(warmUp.TotalSeconds * Stopwatch.Frequency);
        var end = begin + (long)(measure.TotalSeconds * Stopwatch.Frequency);
        var (latencies, messages) = await Task.Run(() => Loop(sockets, begin, end));
        processor = peer.ProcessorSeconds - processor;
        foreach (var socket in sockets)
            socket.Dispose();

        latencies.Sort();
        if (latencies.Count == 0)
            throw new InvalidOperationException($"No message came back from {peer.Name}.");
        return new RoundResult(
            latencies.Count / measure.TotalSeconds, Statistics.Percentile(latencies, 0.50), Statistics.Percentile(latencies, 0.99), processor * 1e6 / messages);
    }

    /// <summary>One thread for all clients: between two messages of a client lies nothing but the way to the echo and back.</summary>
    private static (List<double> Latencies, int Messages) Loop(LeanSocket[] clients, long begin, long end)
    {
        var bySocket = clients.ToDictionary(client => client.Socket);
        var all = bySocket.Keys.ToArray();
        var ready = new List<Socket>(all.Length);
        var latencies = new List<double>(1_000_000);
        var messages = 0;
        foreach (var client in clients)
            client.Send(Prompt.Frame);

        while (Stopwatch.GetTimestamp() is var at && (at < end || (latencies.Count == 0 && at < end + Patience)))
        {
            ready.Clear();
            ready.AddRange(all);
            Socket.Select(ready, checkWrite: null, checkError: null, TimeSpan.FromMilliseconds(100));
            foreach (var socket in ready)
            {
                var client = bySocket[socket];
                if (!client.Receive(Prompt.Message))
                    continue;
                messages++;
                var now = Stopwatch.GetTimestamp();
                if (client.SentAt >= begin && (now <= end || latencies.Count == 0))
                    latencies.Add(Stopwatch.GetElapsedTime(client.SentAt, now).TotalMilliseconds);
                client.Send(Prompt.Frame);
            }
        }

        return (latencies, messages);
    }
}
