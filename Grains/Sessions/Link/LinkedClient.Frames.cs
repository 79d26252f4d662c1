using System.Buffers;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>Step 6 at a gateway without grains: frames between a client and its link, and how either leaves.</summary>
public sealed partial class LinkedClient
{
    /// <summary>What a quiet client costs; a message that goes on is read in larger pieces.</summary>
    private const int QuietBytes = 4 * 1024;
    private const int BusyBytes = 32 * 1024;

    private volatile bool _closedUp;
    private volatile bool _closedDown;
    private bool _isInMessage;

    /// <summary>Reads the client until it leaves, and says how it left. Once the link is over nothing is kept.</summary>
    private async Task PassUpAsync(WebSocket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(QuietBytes);
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType is WebSocketMessageType.Close)
                {
                    await SendUpAsync(LinkFrameKind.Close, isLast: true, LinkFrame.ClosePayload((int?)socket.CloseStatus, socket.CloseStatusDescription));
                    _closedUp = true;
                    return;
                }

                await SendUpAsync(LinkFrame.KindOf(received.MessageType), received.EndOfMessage, buffer.AsMemory(0, received.Count));
                buffer = Fitting(buffer, isBusy: !received.EndOfMessage);
            }
        }
        catch (WebSocketException exception) when (exception.WebSocketErrorCode is WebSocketError.Faulted)
        {
            await SendUpAsync(LinkFrameKind.Broken, isLast: true, ReadOnlyMemory<byte>.Empty);
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            await SendUpAsync(LinkFrameKind.Vanished, isLast: true, ReadOnlyMemory<byte>.Empty);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Passes on what the relay sends until it closes or the link is over. Where that is nobody's doing, the client is told to come back.</summary>
    private async Task PassDownAsync(WebSocket socket, IDialect dialect)
    {
        try
        {
            while (await _link.ReadAsync() is var frame)
            {
                if (frame.IsData)
                {
                    _isInMessage = !frame.IsLast;
                    await socket.SendAsync(frame.Payload, frame.MessageType, frame.IsLast, CancellationToken.None);
                    continue;
                }

                if (frame.Kind is LinkFrameKind.Close)
                    await CloseAsync(socket, frame.Close is (int code, var reason) ? new WireClose(code, reason) : new WireClose(1000, null));
                else if (_link.Ending is LinkEnding.Gone or LinkEnding.Silent)
                    await TellLostAsync(socket, dialect);
                return;
            }
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            // The client is gone, which its reader tells; the relay must not be held up by what it still sends.
            while ((await _link.ReadAsync()).IsData)
                continue;
        }
    }

    private async Task TellLostAsync(WebSocket socket, IDialect dialect)
    {
        LogLost(_logger, Session, _link.Ending);
        if (!_isInMessage)
        {
            foreach (var words in dialect.Farewell(CloseCode.ProcessLost, generatedMs: null))
                await socket.SendAsync(words, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }

        await CloseAsync(socket, WireClose.For(CloseCode.ProcessLost));
    }

    private async Task CloseAsync(WebSocket socket, WireClose close)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, CancellationToken.None);
        _closedDown = true;
    }

    private async ValueTask SendUpAsync(LinkFrameKind kind, bool isLast, ReadOnlyMemory<byte> payload)
    {
        try
        {
            await _link.SendAsync(kind, isLast, payload, CancellationToken.None);
        }
        catch (WebSocketException) when (_link.Ending is not LinkEnding.None)
        {
            // Read on and keep nothing: a client that is told why waits for its own goodbye to be heard.
        }
    }

    private static byte[] Fitting(byte[] buffer, bool isBusy)
    {
        var bytes = isBusy ? BusyBytes : QuietBytes;
        if (buffer.Length == bytes)
            return buffer;
        ArrayPool<byte>.Shared.Return(buffer);
        return ArrayPool<byte>.Shared.Rent(bytes);
    }
}
