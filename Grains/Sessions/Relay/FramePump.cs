using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>How the reading of one side ended.</summary>
/// <param name="Close">How the peer left.</param>
/// <param name="IsTooBig">It did not leave, but sent a message larger than is taken.</param>
internal readonly record struct PumpEnd(PeerClose Close, bool IsTooBig = false);

/// <summary>Looks at a message before it is passed on. Usually done at once; true to pass it on.</summary>
internal delegate ValueTask<bool> InspectFrame(ReadOnlyMemory<byte> payload, WebSocketMessageType kind);

/// <summary>
/// Step 6, one direction: reads messages from a socket and passes them on, in order, payload and kind unchanged.
/// <code>
///   source ──ReceiveAsync──▶ buffer ──inspect──▶ lane ──SendAsync──▶ the other socket
///      ▲                                          │
///      └────────── not read while ────────────────┘  too much waits in the lane or in the process
/// </code>
/// </summary>
internal sealed class FramePump(WebSocket source, FrameLane lane, InFlightBudget budget, int maxMessageBytes, InspectFrame inspect)
{
    private long _messages;

    /// <summary>How many messages were read; who finds it unchanged knows that nothing came.</summary>
    public long Messages => Volatile.Read(ref _messages);

    /// <summary>
    /// After a message that was too big: reads on and keeps nothing until the peer has left. A socket that is cut with bytes
    /// unread is reset, and the reset would overtake the close frame that tells the peer why.
    /// </summary>
    public async Task DiscardAsync()
    {
        var scrap = new byte[MessageBuffer.BaseBytes];
        try
        {
            while ((await source.ReceiveAsync(scrap.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
                continue;
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            // It did not wait to be told.
        }
    }

    /// <summary>Reads until the peer leaves. Nothing is thrown for what a peer does.</summary>
    public async Task<PumpEnd> RunAsync()
    {
        using var buffer = new MessageBuffer(budget, maxMessageBytes);
        try
        {
            while (true)
            {
                await buffer.MakeRoomAsync();
                // No token: it would be registered and unregistered for every message. Whoever wants the pump to end cuts the socket.
                var received = await source.ReceiveAsync(buffer.Free, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                    return new PumpEnd(new PeerClose((int?)source.CloseStatus, source.CloseStatusDescription));

                buffer.Advance(received.Count);
                if (buffer.IsTooBig(goesOn: !received.EndOfMessage))
                    return new PumpEnd(PeerClose.Gone, IsTooBig: true);
                if (!received.EndOfMessage)
                    continue;

                _messages++;
                if (await inspect(buffer.Payload, received.MessageType))
                    lane.Send(buffer, received.MessageType);
                else
                    buffer.Clear();

                var readable = lane.WhenReadableAsync();
                if (!readable.IsCompletedSuccessfully)
                    await readable;
            }
        }
        catch (WebSocketException exception) when (exception.WebSocketErrorCode is WebSocketError.Faulted)
        {
            // The socket has answered 1002 by itself. Silence after a ping is not among these: that comes as a cancellation.
            return new PumpEnd(PeerClose.Broken);
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            return new PumpEnd(PeerClose.Gone);
        }
    }
}
