using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;

namespace Orchestrator.Tests.Support;

/// <summary>
/// A provider that does not even get as far as a script: the path that is dialled says how it fails. It speaks TCP itself,
/// because no decent server does any of this.
/// </summary>
public sealed class OddProvider : IAsyncDisposable
{
    /// <summary>Takes the request and never answers it.</summary>
    public const string Silent = "silent";

    /// <summary>Takes the request and resets the connection.</summary>
    public const string Reset = "reset";

    /// <summary>Upgrades, and from then on neither reads nor sends.</summary>
    public const string Mute = "mute";

    /// <summary>Upgrades when the test accepts it with <see cref="AcceptAsync"/>, and leaves the socket to the test.</summary>
    public const string Late = "late";

    /// <summary>Answers with that HTTP status instead of an upgrade.</summary>
    public static string Status(int status) => $"status-{status}";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _nobody = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _over = new();
    private readonly Channel<(NetworkStream Stream, string Key)> _waiting = Channel.CreateUnbounded<(NetworkStream, string)>();
    private readonly List<TcpClient> _connections = [];

    /// <summary>Listens from here on.</summary>
    public OddProvider()
    {
        _listener.Start();
        // Bound and not listening: the port is taken, and whoever dials it is refused.
        _nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _ = ServeAsync();
    }

    /// <summary>An address where nobody listens.</summary>
    public Uri Nowhere => new($"ws://127.0.0.1:{((IPEndPoint)_nobody.LocalEndPoint!).Port}/v1/stream");

    /// <summary>The address that fails in this way.</summary>
    public Uri For(string way) => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{way}");

    /// <summary>Answers the oldest dial of <see cref="Late"/> that still waits; the socket is the provider's end.</summary>
    public async Task<WebSocket> AcceptAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var (stream, key) = await _waiting.Reader.ReadAsync(patience.Token);
        await UpgradeAsync(stream, key, patience.Token);
        return WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
    }

    /// <summary>Reads one message from such a socket.</summary>
    public static async Task<Heard> ReadAsync(WebSocket socket)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            message.Write(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage || part.MessageType is WebSocketMessageType.Close)
                return new Heard(part.MessageType, message.ToArray());
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        _nobody.Dispose();
        lock (_connections)
            _connections.ForEach(connection => connection.Dispose());
        _over.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptTcpClientAsync(_over.Token);
                lock (_connections)
                    _connections.Add(connection);
                _ = HandleAsync(connection);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task HandleAsync(TcpClient connection)
    {
        try
        {
            var stream = connection.GetStream();
            var head = await ReadHeadAsync(stream);
            var way = head.Split(' ', '?')[1].TrimStart('/');
            var key = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase))?.Split(':')[1].Trim() ?? "";
            if (way is Late)
                _waiting.Writer.TryWrite((stream, key));
            else if (way is Mute)
                await UpgradeAsync(stream, key, _over.Token);
            else if (way is Reset)
                connection.Client.Close(0);
            else if (way.Split('-') is ["status", var status])
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} Odd\r\nConnection: close\r\nContent-Length: 3\r\n\r\nodd"), _over.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The dialler gave up.
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _over.Token) > 0)
            head.Append((char)one[0]);
        return head.ToString();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "The protocol names this hash, and it protects nothing.")]
    private static async Task UpgradeAsync(NetworkStream stream, string key, CancellationToken cancellationToken)
    {
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"),
            cancellationToken);
    }
}
