using System.Net.WebSockets;

namespace Orchestrator.Grains.Providers;

/// <summary>
/// Two WebSockets that end at each other, for a side of a session that has none: a client that asks over HTTP, a provider that
/// is asked over HTTP. Messages pass whole and in order; who sends waits while more than the bound is unread.
/// </summary>
public static class FramePipe
{
    /// <summary>How many bytes may be unread in each direction.</summary>
    public const int MaxUnread = 256 * 1024;

    /// <summary>A new pair; which end is whose is up to the caller.</summary>
    public static (WebSocket One, WebSocket Other) Create()
    {
        var (up, down) = (new MessageQueue(MaxUnread), new MessageQueue(MaxUnread));
        return (new PipedSocket(up, down), new PipedSocket(down, up));
    }
}

/// <summary>One end of a <see cref="FramePipe"/>.</summary>
internal sealed class PipedSocket(MessageQueue sends, MessageQueue receives) : WebSocket
{
    private ReadOnlyMemory<byte> _rest;
    private WebSocketMessageType _restKind;
    private MemoryStream? _unfinished;
    private WebSocketCloseStatus? _closeStatus;
    private string? _closeDescription;
    private volatile bool _closeSent;
    private volatile bool _closeReceived;

    /// <inheritdoc/>
    public override WebSocketCloseStatus? CloseStatus => _closeStatus;

    /// <inheritdoc/>
    public override string? CloseStatusDescription => _closeDescription;

    /// <inheritdoc/>
    public override string? SubProtocol => null;

    /// <inheritdoc/>
    public override WebSocketState State => (_closeSent, _closeReceived) switch
    {
        (true, true)                                => WebSocketState.Closed,
        _ when sends.IsCut || receives.IsCut        => WebSocketState.Aborted,
        (true, false)                               => WebSocketState.CloseSent,
        (false, true)                               => WebSocketState.CloseReceived,
        _                                           => WebSocketState.Open,
    };

    /// <inheritdoc/>
    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_rest.IsEmpty)
        {
            var message = await receives.TakeAsync(cancellationToken);
            if (message.Close is { } close)
            {
                (_closeStatus, _closeDescription, _closeReceived) = ((WebSocketCloseStatus)close.Code, close.Reason, true);
                return new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true);
            }

            (_rest, _restKind) = (message.Payload, message.Kind);
        }

        var count = Math.Min(_rest.Length, buffer.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return new ValueWebSocketReceiveResult(count, _restKind, _rest.IsEmpty);
    }

    /// <inheritdoc/>
    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var received = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return new WebSocketReceiveResult(received.Count, received.MessageType, received.EndOfMessage, _closeStatus, _closeDescription);
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken)
    {
        if (!endOfMessage || _unfinished is not null)
        {
            (_unfinished ??= new MemoryStream()).Write(buffer.Span);
            if (!endOfMessage)
                return ValueTask.CompletedTask;
            buffer = _unfinished.ToArray();
            _unfinished = null;
        }
        else
        {
            // The sender's buffer is its own again once this is done.
            buffer = buffer.ToArray();
        }

        return sends.AddAsync(new QueuedMessage(messageType, buffer, Close: null), cancellationToken);
    }

    /// <inheritdoc/>
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    /// <inheritdoc/>
    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        if (_closeSent)
            return;
        _closeSent = true;
        await sends.AddAsync(new QueuedMessage(WebSocketMessageType.Close, default, ((int)closeStatus, statusDescription)), cancellationToken);
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        // What was said before a goodbye of both is read to its end.
        if (_closeSent && _closeReceived)
            return;
        sends.Cut(keepsUnread: _closeSent);
        receives.Cut(keepsUnread: false);
    }

    /// <inheritdoc/>
    public override void Dispose() => Abort();
}
