using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Simulator;

/// <summary>A client of the dialects that is nothing but a WebSocket. Every wait ends after ten seconds at the latest.</summary>
internal sealed class PlainClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(10), TimeProvider.System);
    private readonly byte[] _buffer = new byte[64 * 1024];

    public WebSocket Socket => _socket;

    public static async Task<PlainClient> ConnectAsync(Uri address, params (string Name, string Value)[] headers)
    {
        var client = new PlainClient();
        foreach (var (name, value) in headers)
            client._socket.Options.SetRequestHeader(name, value);
        await client._socket.ConnectAsync(address, client._patience.Token);
        return client;
    }

    public static Task<PlainClient> ConnectAsync(ProviderSimulator simulator, string model) => ConnectAsync(simulator.StreamFor(model));

    public Task SendAsync(string text) => SendAsync(FrameKind.Text, Encoding.UTF8.GetBytes(text));

    public Task SendAsync(FrameKind kind, byte[] bytes) => _socket.SendAsync(
        bytes, kind is FrameKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, _patience.Token);

    public Task OfferAsync() => SendAsync("""{"type":"offer","sdp":"v=0"}""");

    /// <summary>The next message. A close frame reads as null and is answered.</summary>
    public async Task<(FrameKind Kind, byte[] Bytes)?> ReadBytesAsync()
    {
        using var message = new MemoryStream();
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(), _patience.Token);
            if (part.MessageType is WebSocketMessageType.Close)
            {
                await CloseAsync();
                return null;
            }
            message.Write(_buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage)
                return (part.MessageType is WebSocketMessageType.Text ? FrameKind.Text : FrameKind.Binary, message.ToArray());
        }
    }

    public async Task<string?> ReadAsync() => await ReadBytesAsync() is { } message ? Encoding.UTF8.GetString(message.Bytes) : null;

    /// <summary>
    /// What comes next in the short words of these tests: <c>answer</c>, <c>tick:1</c>, <c>ended:3:timeout</c>, <c>close:1000:bye</c>,
    /// <c>reset</c> when the connection broke.
    /// </summary>
    public async Task<string> HearAsync()
    {
        try
        {
            return await ReadAsync() is { } text ? Shorten(text) : $"close:{(int?)_socket.CloseStatus}:{_socket.CloseStatusDescription}".TrimEnd(':');
        }
        catch (WebSocketException)
        {
            return "reset";
        }
    }

    /// <summary>The next so many, or all up to the end, which is the last.</summary>
    public async Task<string[]> HearAllAsync(int atMost = int.MaxValue)
    {
        var heard = new List<string>();
        while (heard.Count < atMost && heard is not [.., "reset"] && !(heard is [.., var last] && last.StartsWith("close", StringComparison.Ordinal)))
            heard.Add(await HearAsync());
        return [.. heard];
    }

    public async Task CloseAsync(WebSocketCloseStatus code = WebSocketCloseStatus.NormalClosure, string? reason = null)
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await _socket.CloseOutputAsync(code, reason, _patience.Token);
    }

    /// <summary>Goes without a word.</summary>
    public void Vanish() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _patience.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Shorten(string text)
    {
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        return root.GetProperty("type").GetString() switch
        {
            "generation_started" => "started",
            "generation_tick"    => root.TryGetProperty("seconds", out var seconds) ? $"tick:{seconds.GetRawText()}" : "tick",
            "generation_ended"   => $"ended:{root.GetProperty("seconds").GetRawText()}:{root.GetProperty("reason").GetString()}",
            "queue_position"     => $"queue:{root.GetProperty("position").GetInt32()}/{root.GetProperty("queue_size").GetInt32()}",
            "status"             => $"status:{root.GetProperty("status").GetString()}",
            "error"              => $"error:{root.GetProperty("error").GetString()}",
            "ice-candidate"      => "ice",
            var type             => type ?? "?",
        };
    }
}
