using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Tests.Support;

/// <summary>
/// A client that speaks WebSocket by hand: it closes with codes that no decent client sends, sees the close frame to the
/// byte, and answers a ping only when a test does so for it.
/// </summary>
public sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TcpClient _tcp = new();
    private Stream _stream = Stream.Null;
    private int _port;

    private RawClient() { }

    /// <summary>The session's id, as the upgrade told it.</summary>
    public string Session { get; private set; } = "";

    /// <summary>Connects and upgrades.</summary>
    public static async Task<RawClient> ConnectAsync(Uri address)
    {
        var client = new RawClient();
        using var patience = new CancellationTokenSource(Patience);
        await client._tcp.ConnectAsync(address.Host, address.Port, patience.Token);
        client._stream = client._tcp.GetStream();
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
            $"Sec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))}\r\n\r\n"), patience.Token);

        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await client.ReadExactlyAsync(1, patience.Token))[0]);
        client._port = address.Port;
        ProviderWatch.Look(address.Port, "The answer to an upgrade", head.ToString());
        var lines = head.ToString().Split("\r\n");
        Assert.StartsWith("HTTP/1.1 101", lines[0], StringComparison.Ordinal);
        client.Session = lines.Single(line => line.StartsWith("X-Session-Id:", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim();
        return client;
    }

    /// <summary>Sends one frame, masked as a client's must be.</summary>
    public async Task SendAsync(byte opcode, byte[] payload, bool isLast = true)
    {
        var frame = new List<byte> { (byte)(opcode | (isLast ? 0x80 : 0)) };
        var length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
        frame.AddRange(payload.Length switch
        {
            < 126                => [(byte)(0x80 | payload.Length)],
            <= ushort.MaxValue   => [0x80 | 126, .. length[6..]],
            _                    => [0x80 | 127, .. length],
        });
        byte[] mask = [1, 2, 3, 4];
        frame.AddRange(mask);
        frame.AddRange(payload.Select((one, at) => (byte)(one ^ mask[at % 4])));
        using var patience = new CancellationTokenSource(Patience);
        await _stream.WriteAsync(frame.ToArray(), patience.Token);
    }

    /// <summary>Sends a text.</summary>
    public Task SendAsync(string text) => SendAsync(1, Encoding.UTF8.GetBytes(text));

    /// <summary>Sends a close frame with any code, or none.</summary>
    public Task CloseAsync(int? code, string reason = "") =>
        SendAsync(8, code is { } number ? [(byte)(number >> 8), (byte)number, .. Encoding.UTF8.GetBytes(reason)] : []);

    /// <summary>Reads to the end; the code and the words of the close frame, null where there was none.</summary>
    public async Task<Farewell> FarewellAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                var head = await ReadExactlyAsync(2, patience.Token);
                var length = head[1] switch
                {
                    126         => BinaryPrimitives.ReadUInt16BigEndian(await ReadExactlyAsync(2, patience.Token)),
                    127         => (int)BinaryPrimitives.ReadInt64BigEndian(await ReadExactlyAsync(8, patience.Token)),
                    var shorter => shorter,
                };
                var payload = await ReadExactlyAsync(length, patience.Token);
                ProviderWatch.Look(_port, "A frame", payload);
                if ((head[0] & 0x0F) == 8)
                    return payload.Length < 2 ? new Farewell(1005, "") : new Farewell(BinaryPrimitives.ReadUInt16BigEndian(payload), Encoding.UTF8.GetString(payload.AsSpan(2)));
            }
        }
        catch (IOException)
        {
            return new Farewell(null, null);
        }
    }

    /// <summary>Resets the connection.</summary>
    public void Reset() => _tcp.Client.Close(0);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
