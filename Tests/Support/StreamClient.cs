using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace Orchestrator.Tests.Support;

/// <summary>One message as a client got it.</summary>
public sealed record Heard(WebSocketMessageType Kind, byte[] Bytes)
{
    /// <summary>Its text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>Its top-level <c>type</c>; empty when there is none.</summary>
    public string Type
    {
        get
        {
            try
            {
                return Kind is WebSocketMessageType.Text ? JsonElement.Parse(Bytes).GetProperty("type").GetString() ?? "" : "";
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return "";
            }
        }
    }
}

/// <summary>How a client saw its connection end.</summary>
/// <param name="Code">The close frame's code; null when there was no close frame.</param>
/// <param name="Reason">Its reason.</param>
public sealed record Farewell(int? Code, string? Reason);

/// <summary>
/// A client of the stream endpoint over a real socket. It reads all the time, unless asked not to, and every wait is bounded
/// and says what came instead.
/// </summary>
public sealed class StreamClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ClientWebSocket _socket = new();
    private readonly Channel<Heard> _inbox = Channel.CreateUnbounded<Heard>();
    private readonly List<Heard> _all = [];
    private readonly TaskCompletionSource<Farewell> _farewell = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private bool _reading;
    private int _port;

    private StreamClient() { }

    /// <summary>The socket, for what no method here does.</summary>
    public ClientWebSocket Socket => _socket;

    /// <summary>The session's id, as the upgrade told it; null when the client was let in only to be refused.</summary>
    public string? Session => _socket.HttpResponseHeaders?.TryGetValue("X-Session-Id", out var values) is true ? values.Single() : null;

    /// <summary>The connection's end, once it has ended.</summary>
    public Task<Farewell> Over => _farewell.Task;

    /// <summary>Everything that came so far.</summary>
    public IReadOnlyList<Heard> All
    {
        get
        {
            lock (_all)
                return [.. _all];
        }
    }

    /// <summary>The count of the last tick that came, in milliseconds.</summary>
    public long LastTickMs =>
        (long)(JsonElement.Parse(All.Last(heard => heard.Type == "generation_tick").Bytes).GetProperty("seconds").GetDecimal() * 1000);

    /// <summary>Connects; the upgrade has succeeded when the task completes.</summary>
    /// <param name="address">The full address, query included.</param>
    /// <param name="reads">Whether it reads; without, nothing is taken from the socket until <see cref="Read"/>.</param>
    /// <param name="headers">Headers of the upgrade.</param>
    public static Task<StreamClient> ConnectAsync(Uri address, bool reads = true, params (string Name, string Value)[] headers) =>
        ConnectAsync(address, through: null, reads, headers);

    /// <summary>Connects as that HTTP client does, which may trust whom nobody else does.</summary>
    public static Task<StreamClient> ConnectAsync(Uri address, HttpMessageInvoker through, params (string Name, string Value)[] headers) =>
        ConnectAsync(address, through, reads: true, headers);

    /// <summary>Connects as that HTTP client does; without <paramref name="reads"/>, nothing is taken from the socket until <see cref="Read"/>.</summary>
    public static async Task<StreamClient> ConnectAsync(Uri address, HttpMessageInvoker? through, bool reads, params (string Name, string Value)[] headers)
    {
        var client = new StreamClient();
        try
        {
            client._socket.Options.CollectHttpResponseDetails = true;
            client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
            foreach (var (name, value) in headers)
                client._socket.Options.SetRequestHeader(name, value);
            using var patience = new CancellationTokenSource(Patience);
            await client._socket.ConnectAsync(address, through, patience.Token);
            client._port = address.Port;
            foreach (var header in client._socket.HttpResponseHeaders ?? new Dictionary<string, IEnumerable<string>>())
                ProviderWatch.Look(address.Port, "A header", $"{header.Key}: {string.Join(',', header.Value)}");
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }

        if (reads)
            client.Read();
        return client;
    }

    /// <summary>Begins to read.</summary>
    public void Read()
    {
        if (_reading)
            return;
        _reading = true;
        _ = ReadAllAsync();
    }

    /// <summary>Sends a text.</summary>
    public Task SendAsync(string text) => SendAsync(WebSocketMessageType.Text, Encoding.UTF8.GetBytes(text));

    /// <summary>Sends a message.</summary>
    public async Task SendAsync(WebSocketMessageType kind, ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Patience);
        await _socket.SendAsync(bytes, kind, endOfMessage: true, patience.Token);
    }

    /// <summary>Offers media, as every client of dialect A does first.</summary>
    public Task OfferAsync() => SendAsync("""{"type":"offer","sdp":"v=0"}""");

    /// <summary>The next message, whatever it is.</summary>
    public async Task<Heard> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await _inbox.Reader.ReadAsync(patience.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            throw new TimeoutException($"No further message came. {Story()}", exception);
        }
    }

    /// <summary>The next message of that type; what comes before it is passed over.</summary>
    public async Task<Heard> ExpectAsync(string type)
    {
        while (true)
        {
            Heard heard;
            try
            {
                heard = await NextAsync();
            }
            catch (TimeoutException exception)
            {
                throw new TimeoutException($"No '{type}' came. {Story()}", exception);
            }

            if (heard.Type == type)
                return heard;
        }
    }

    /// <summary>Waits for that many ticks in all from now on; answers the seconds of the last.</summary>
    public async Task<decimal> TicksAsync(int count)
    {
        var seconds = 0m;
        for (var i = 0; i < count; i++)
            seconds = JsonElement.Parse((await ExpectAsync("generation_tick")).Bytes).GetProperty("seconds").GetDecimal();
        return seconds;
    }

    /// <summary>Waits until the connection has ended.</summary>
    public async Task<Farewell> FarewellAsync()
    {
        try
        {
            return await _farewell.Task.WaitAsync(Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"The connection did not end. {Story()}", exception);
        }
    }

    /// <summary>Closes in order, and waits for the other side's close frame.</summary>
    public async Task<Farewell> CloseAsync(int code = 1000, string? reason = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        await _socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, patience.Token);
        return await FarewellAsync();
    }

    /// <summary>Goes without a word.</summary>
    public void Vanish() => _socket.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        _socket.Dispose();
        _gone.Dispose();
    }

    private async Task ReadAllAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), _gone.Token);
                if (part.MessageType is WebSocketMessageType.Close)
                {
                    var farewell = new Farewell((int?)_socket.CloseStatus, _socket.CloseStatusDescription);
                    await AnswerAsync();
                    End(farewell);
                    return;
                }

                message.Write(buffer.AsSpan(0, part.Count));
                if (!part.EndOfMessage)
                    continue;
                var heard = new Heard(part.MessageType, message.ToArray());
                ProviderWatch.Look(_port, "A message", heard.Bytes);
                message.SetLength(0);
                lock (_all)
                    _all.Add(heard);
                _inbox.Writer.TryWrite(heard);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(new Farewell(null, null));
        }
    }

    /// <summary>What was heard counts, whether or not the answer gets through: it waits behind what is being sent, and nobody need wait for it.</summary>
    private async Task AnswerAsync()
    {
        try
        {
            if (_socket.State is WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(_socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, _gone.Token);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side did not stay for it.
        }
    }

    private void End(Farewell farewell)
    {
        ProviderWatch.Look(_port, "A close reason", farewell.Reason);
        _inbox.Writer.TryComplete();
        _farewell.TrySetResult(farewell);
    }

    private string Story()
    {
        var end = _farewell.Task.IsCompletedSuccessfully ? _farewell.Task.Result.ToString() : "still open";
        return $"Session {Session ?? "none"}, {end}; it heard: {string.Join(" | ", All.Select(heard => heard.Text[..Math.Min(heard.Text.Length, 120)]))}";
    }
}
