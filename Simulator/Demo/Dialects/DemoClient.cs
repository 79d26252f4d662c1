using System.Net.WebSockets;
using System.Text.Json;

namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>A frame as far as the client cares: its type, and the one other member that this type has.</summary>
internal sealed record ClientFrame(string Type, string? Value)
{
    /// <summary>Reads a frame; one that is no JSON object has no type.</summary>
    public static ClientFrame Read(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            using var json = JsonDocument.ParseValue(ref reader);
            var type = json.RootElement.GetProperty("type").GetString() ?? "";
            var member = type switch
            {
                "status" or "error"  => type,
                "node_status"        => "status",
                "generation_tick"    => "seconds",
                "queue_position"     => "position",
                "livekit_room_info"  => "livekit_url",
                _                    => null,
            };
            return new(type, member is not null && json.RootElement.TryGetProperty(member, out var value) ? value.ToString() : null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return new("", null);
        }
    }
}

/// <summary>An end user's client of a WebSocket dialect: it was told an address and a token, and knows no more.</summary>
internal sealed class DemoClient : IDisposable
{
    /// <summary>Describes one video track to receive; nothing listens to it.</summary>
    private const string Sdp =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtpmap:96 VP8/90000\r\n";

    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <summary>Opens the socket.</summary>
    public static async Task<DemoClient> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var client = new DemoClient();
        try
        {
            await client._socket.ConnectAsync(address, cancellationToken);
            return client;
        }
        catch (WebSocketException exception)
        {
            client.Dispose();
            throw new DemoException($"The gateway does not let the client in: {exception.Message}");
        }
    }

    /// <summary>The next text frame; null when the gateway closed.</summary>
    public async Task<ClientFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        while (true)
        {
            var part = await ReceiveAsync(cancellationToken);
            if (part.MessageType is WebSocketMessageType.Close)
                return null;
            message.Write(_buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage)
                return ClientFrame.Read(message.GetBuffer().AsSpan(0, (int)message.Length));
        }
    }

    /// <summary>Why the gateway closed.</summary>
    public string Farewell => $"{(int?)_socket.CloseStatus ?? 1005} {_socket.CloseStatusDescription}".TrimEnd();

    /// <summary>Says something.</summary>
    public async Task SendAsync<T>(T frame, CancellationToken cancellationToken) =>
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(frame), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    /// <summary>Offers media.</summary>
    public Task OfferAsync(CancellationToken cancellationToken) => SendAsync(new { type = "offer", sdp = Sdp }, cancellationToken);

    /// <summary>Joins, with nothing to begin with: the picture passes through as it is.</summary>
    public Task JoinAsync(CancellationToken cancellationToken) => SendAsync(new { type = "livekit_join", passthrough = true }, cancellationToken);

    /// <summary>Says goodbye and hears the gateway out.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "done", cancellationToken);
        while (await ReadAsync(cancellationToken) is not null)
        {
            // What was on its way when we left.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task<ValueWebSocketReceiveResult> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
        }
        catch (WebSocketException exception)
        {
            throw new DemoException($"The client's connection to the gateway broke: {exception.Message}");
        }
    }
}
