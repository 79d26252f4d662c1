using System.Net.WebSockets;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>
/// A client's socket as the relay of another process sees it: frames come out of a link and go into it. Sending is done when
/// the frame has been copied, and waits while the other end has no room, so that a slow client stalls the relay's lane as it
/// would with its socket here.
/// </summary>
internal sealed class LinkedSocket(LinkEnd link) : WebSocket
{
    private LinkFrame? _current;
    private WebSocketCloseStatus? _closeStatus;
    private string? _closeDescription;
    private volatile bool _closeSent;
    private volatile bool _closeReceived;

    /// <summary>The relay's end of the link.</summary>
    public LinkEnd Link => link;

    /// <inheritdoc/>
    public override WebSocketCloseStatus? CloseStatus => _closeStatus;

    /// <inheritdoc/>
    public override string? CloseStatusDescription => _closeDescription;

    /// <inheritdoc/>
    public override string? SubProtocol => null;

    /// <inheritdoc/>
    public override WebSocketState State => (_closeSent, _closeReceived) switch
    {
        (true, true)                                    => WebSocketState.Closed,
        _ when link.Ending is not LinkEnding.None       => WebSocketState.Aborted,
        (true, false)                                   => WebSocketState.CloseSent,
        (false, true)                                   => WebSocketState.CloseReceived,
        _                                               => WebSocketState.Open,
    };

    /// <inheritdoc/>
    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_current is not { } frame && !link.TryRead(out frame))
            return WaitAsync(buffer);
        return ValueTask.FromResult(Take(frame, buffer));
    }

    /// <inheritdoc/>
    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var received = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return new WebSocketReceiveResult(received.Count, received.MessageType, received.EndOfMessage, _closeStatus, _closeDescription);
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        link.SendAsync(LinkFrame.KindOf(messageType), endOfMessage, buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    /// <summary>Says goodbye after all that was sent; done when the other process has it.</summary>
    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        await link.SendAsync(LinkFrameKind.Close, isLast: true, LinkFrame.ClosePayload((int)closeStatus, statusDescription), cancellationToken);
        await link.WhenDeliveredAsync(cancellationToken);
        _closeSent = true;
    }

    /// <inheritdoc/>
    public override void Abort() => link.Cut(tells: !(_closeSent && _closeReceived));

    /// <inheritdoc/>
    public override void Dispose() => Abort();

    private async ValueTask<ValueWebSocketReceiveResult> WaitAsync(Memory<byte> buffer) => Take(await link.ReadAsync(), buffer);

    private ValueWebSocketReceiveResult Take(LinkFrame frame, Memory<byte> buffer)
    {
        if (!frame.IsData)
            return End(frame);

        var count = Math.Min(frame.Payload.Length, buffer.Length);
        frame.Payload[..count].CopyTo(buffer);
        var rest = frame with { Payload = frame.Payload[count..] };
        _current = rest.Payload.IsEmpty ? null : rest;
        return new ValueWebSocketReceiveResult(count, frame.MessageType, frame.IsLast && _current is null);
    }

    private ValueWebSocketReceiveResult End(LinkFrame frame)
    {
        switch (frame.Kind)
        {
            case LinkFrameKind.Close:
                var (code, reason) = frame.Close;
                (_closeStatus, _closeDescription) = ((WebSocketCloseStatus?)code, reason);
                _closeReceived = true;
                return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true);
            case LinkFrameKind.Broken:
                throw new WebSocketException(WebSocketError.Faulted, "The client broke the protocol.");
            default:
                throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The client, or the way to it, is gone.");
        }
    }
}
