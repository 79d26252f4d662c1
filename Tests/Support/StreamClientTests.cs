using System.Net.WebSockets;

namespace Orchestrator.Tests.Support;

/// <summary>What a client of the tests hears is told, whatever becomes of what it says.</summary>
public class StreamClientTests
{
    [Fact]
    public async Task A_goodbye_that_was_heard_counts_although_its_answer_does_not_get_through()
    {
        await using var server = new OddProvider();
        var connecting = StreamClient.ConnectAsync(server.For(OddProvider.Late));
        using var peer = await server.AcceptAsync();
        await using var client = await connecting;
        var sent = 0;
        var sending = SendUntilOverAsync();
        // Nobody reads, so the line is full once nothing more is sent between many looks.
        var (seen, still) = (-1, 0);
        await Eventually.IsAsync("the line is full", () =>
        {
            (still, seen) = (seen == Volatile.Read(ref sent) ? still + 1 : 0, Volatile.Read(ref sent));
            return Task.FromResult(still > 10);
        });

        await peer.CloseOutputAsync((WebSocketCloseStatus)4105, "why", CancellationToken.None);
        await Eventually.IsAsync("the goodbye is heard", () => Task.FromResult(client.Socket.State is WebSocketState.CloseReceived));
        peer.Abort();

        Assert.Equal(new Farewell(4105, "why"), await client.FarewellAsync());
        await sending;

        async Task SendUntilOverAsync()
        {
            try
            {
                for (var bytes = new byte[64 * 1024]; ; Interlocked.Increment(ref sent))
                    await client.Socket.SendAsync(bytes.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            }
            catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                // It is over.
            }
        }
    }
}
