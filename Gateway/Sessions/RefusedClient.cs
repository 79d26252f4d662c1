using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Gateway.Sessions;

/// <summary>Tells a client that was let in only to be told why it is not let in.</summary>
internal static class RefusedClient
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>Sends the dialect's words and the close frame, and waits a moment for the client's own. Nothing it sends is kept.</summary>
    public static Task TellAsync(WebSocket socket, IDialect dialect, CloseCode code, TimeProvider time, Wording? own = null)
    {
        own ??= Wording.Usual;
        return TellAsync(socket, own.In(dialect.Refusal(code), code), own.CloseFor(code), time);
    }

    /// <summary>The same in other words, to a client whose socket may still be read by somebody.</summary>
    public static async Task TellAsync(WebSocket socket, IReadOnlyList<byte[]> words, WireClose close, TimeProvider time, Task? reading = null)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        try
        {
            foreach (var frame in words)
                await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, timeout.Token);
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, timeout.Token);

            if (reading is not null)
                await reading.WaitAsync(timeout.Token);
            var scrap = new byte[1024];
            while (socket.State is WebSocketState.CloseSent)
                await socket.ReceiveAsync(scrap.AsMemory(), timeout.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException or InvalidOperationException)
        {
            // It did not stay to hear it.
        }
    }
}
