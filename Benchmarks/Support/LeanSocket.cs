using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Benchmarks.Support;

/// <summary>
/// A WebSocket client that does no more than a load needs: one frame, masked once and sent again and again, and frames that
/// are looked at where they were received. A client that costs little leaves the machine to what is measured.
/// </summary>
internal sealed class LeanSocket : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _length;

    private LeanSocket(Socket socket) => Socket = socket;

    /// <summary>The socket, to wait for several at once.</summary>
    public Socket Socket { get; }

    /// <summary>When the last frame was sent.</summary>
    public long SentAt { get; private set; }

    /// <summary>Connects and upgrades.</summary>
    public static async Task<LeanSocket> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var lean = new LeanSocket(socket);
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, cancellationToken);
        // The key of RFC 6455's example: nobody here is to be kept from caching.
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), cancellationToken);
        await lean.ReadUpgradeAsync(address, cancellationToken);
        return lean;
    }

    /// <summary>A text message of less than 126 bytes as a client sends it.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message) => Masked(0x81, message);

    /// <summary>Sends a frame.</summary>
    public void Send(byte[] frame)
    {
        SentAt = Stopwatch.GetTimestamp();
        Socket.Send(frame);
    }

    /// <summary>Reads what is there. True when the awaited message was among it; whatever else came is the provider's own, such as its ticks.</summary>
    public bool Receive(ReadOnlySpan<byte> awaited)
    {
        return Take(Socket.Receive(_buffer.AsSpan(_length)), awaited) > 0;
    }

    /// <summary>Waits for more and reads it. How often the awaited message was among it.</summary>
    public async ValueTask<int> ReceiveAsync(ReadOnlyMemory<byte> awaited, CancellationToken cancellationToken) =>
        Take(await Socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken), awaited.Span);

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();

    private static byte[] Masked(byte head, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> mask = [0x37, 0xfa, 0x21, 0x3d];
        byte[] frame = [head, (byte)(0x80 | payload.Length), .. mask, .. payload];
        for (var i = 0; i < payload.Length; i++)
            frame[6 + i] ^= mask[i % 4];
        return frame;
    }

    /// <summary>Looks at what was received: counts the awaited message, answers a ping, and keeps what is not whole yet.</summary>
    private int Take(int received, ReadOnlySpan<byte> awaited)
    {
        if (received == 0)
            throw new InvalidOperationException("The socket was closed.");
        _length += received;
        var (position, found) = (0, 0);
        while (TryTake(ref position, out var opcode, out var payload))
        {
            if (opcode == 8)
                throw new InvalidOperationException($"The session was closed: {Encoding.UTF8.GetString(payload)}");
            if (opcode == 9)
                Socket.Send(Masked(0x8a, payload));
            if (opcode == 1 && payload.SequenceEqual(awaited))
                found++;
        }

        _buffer.AsSpan(position, _length - position).CopyTo(_buffer);
        _length -= position;
        return found;
    }

    /// <summary>Takes a whole frame from the buffer; a server masks none.</summary>
    private bool TryTake(ref int position, out int opcode, out ReadOnlySpan<byte> payload)
    {
        opcode = 0;
        payload = default;
        var rest = _buffer.AsSpan(position, _length - position);
        if (rest.Length < 2 || (rest[1] == 126 && rest.Length < 4))
            return false;
        var (header, size) = rest[1] switch
        {
            126     => (4, BinaryPrimitives.ReadUInt16BigEndian(rest[2..])),
            127     => throw new InvalidOperationException("A frame is larger than any that this load expects."),
            var few => (2, few),
        };
        if (rest.Length < header + size)
            return false;
        opcode = rest[0] & 0x0f;
        payload = rest.Slice(header, size);
        position += header + size;
        return true;
    }

    private async Task ReadUpgradeAsync(Uri address, CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var received = await Socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken);
            if (received == 0)
                throw new InvalidOperationException($"{address.Host}:{address.Port} hung up on the upgrade.");
            _length += received;
        }

        if (!_buffer.AsSpan().StartsWith("HTTP/1.1 101"u8))
            throw new InvalidOperationException($"{address.Host}:{address.Port} answered {Encoding.ASCII.GetString(_buffer, 0, end)}");
        // The provider's first words may have come with the answer.
        _buffer.AsSpan(end + 4, _length - end - 4).CopyTo(_buffer);
        _length -= end + 4;
    }
}
