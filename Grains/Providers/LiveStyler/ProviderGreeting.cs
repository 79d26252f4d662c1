using System.Buffers;
using System.Net.WebSockets;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>What a provider says up to its <c>auth_success</c>, kept piece by piece for whoever reads the socket from then on.</summary>
internal sealed class ProviderGreeting
{
    /// <summary>More than this before it is no greeting; what it is, the relay's own bounds will tell.</summary>
    private const int MaxBytes = 16 * 1024;

    private const int PieceBytes = 4 * 1024;

    /// <summary>A piece of a message, as it was received.</summary>
    public readonly record struct Piece(ReadOnlyMemory<byte> Payload, WebSocketMessageType Kind, bool IsLast);

    /// <summary>What was read, in order.</summary>
    public Queue<Piece> Pieces { get; } = [];

    /// <summary>Reads until the provider has taken the credential; false when it closed before.</summary>
    public async Task<bool> ReadAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>();
        for (var bytes = 0; bytes < MaxBytes;)
        {
            var buffer = new byte[PieceBytes];
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (received.MessageType is WebSocketMessageType.Close)
                return false;

            Pieces.Enqueue(new Piece(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage));
            // An empty piece counts too, or there would be no end to them.
            bytes += received.Count + 1;
            message.Write(buffer.AsSpan(0, received.Count));
            if (!received.EndOfMessage)
                continue;
            if (FrameReader.TryReadType(message.WrittenSpan, out var type) && type.ValueTextEquals("auth_success"u8))
                return true;
            message.Clear();
        }

        return true;
    }
}

/// <summary>A socket some of whose messages were read already: they come first, then its own. What is sent goes straight through.</summary>
internal sealed class GreetedSocket(WebSocket socket, ProviderGreeting greeting) : WebSocket
{
    private ReadOnlyMemory<byte> _rest;

    /// <inheritdoc/>
    public override WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    /// <inheritdoc/>
    public override string? CloseStatusDescription => socket.CloseStatusDescription;

    /// <inheritdoc/>
    public override string? SubProtocol => socket.SubProtocol;

    /// <inheritdoc/>
    public override WebSocketState State => socket.State;

    /// <inheritdoc/>
    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Once the queue is empty this costs each message a comparison and a call, and no allocation.
        if (!greeting.Pieces.TryPeek(out var piece))
            return socket.ReceiveAsync(buffer, cancellationToken);

        var left = _rest.IsEmpty ? piece.Payload : _rest;
        var count = Math.Min(left.Length, buffer.Length);
        left[..count].CopyTo(buffer);
        _rest = left[count..];
        if (_rest.IsEmpty)
            greeting.Pieces.Dequeue();
        return new(new ValueWebSocketReceiveResult(count, piece.Kind, _rest.IsEmpty && piece.IsLast));
    }

    /// <inheritdoc/>
    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var received = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return new WebSocketReceiveResult(received.Count, received.MessageType, received.EndOfMessage, CloseStatus, CloseStatusDescription);
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        socket.SendAsync(buffer, messageType, endOfMessage, cancellationToken);

    /// <inheritdoc/>
    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        socket.SendAsync(buffer, messageType, endOfMessage, cancellationToken);

    /// <inheritdoc/>
    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseAsync(closeStatus, statusDescription, cancellationToken);

    /// <inheritdoc/>
    public override Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    /// <inheritdoc/>
    public override void Abort() => socket.Abort();

    /// <inheritdoc/>
    public override void Dispose() => socket.Dispose();
}
