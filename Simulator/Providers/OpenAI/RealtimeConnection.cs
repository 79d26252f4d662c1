using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>One WebSocket to a session: its own, or a sideband.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no handle, and the connection outlives its socket in a test's hands.")]
public sealed class RealtimeConnection
{
    private const int MaxKept = 1_024;

    private readonly WebSocket _socket;
    private readonly Action _abort;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Queue<string> _received = [];
    private readonly TaskCompletionSource<(int? Code, string? Reason)> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal RealtimeConnection(WebSocket socket, Action abort, HttpRequest request)
    {
        (_socket, _abort) = (socket, abort);
        Query = request.QueryString.Value ?? "";
        Headers = [.. request.Headers.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? "")))];
    }

    /// <summary>The query as it came.</summary>
    public string Query { get; }

    /// <summary>The request's headers as they came.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>Done when it has ended: with the peer's close code, or none.</summary>
    public Task<(int? Code, string? Reason)> Left => _left.Task;

    /// <summary>The newest events that came, oldest first.</summary>
    public IReadOnlyList<string> Received
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    /// <summary>Cuts it without a word.</summary>
    public void Drop()
    {
        try
        {
            _abort();
        }
        catch (ObjectDisposedException)
        {
            // It has left already.
        }
    }

    /// <summary>Sends a text; nothing happens when the peer is gone.</summary>
    public async Task SendAsync(string text)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // Its reader knows.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Closes it in order; the peer's reply ends it.</summary>
    public async Task CloseAsync(int code, string? reason)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, CancellationToken.None);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // It was faster.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Reads until the peer has left.</summary>
    internal async Task ReadAsync(Func<string, Task> hear)
    {
        var buffer = new byte[16 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (part.MessageType is WebSocketMessageType.Close)
                    break;
                message.Write(buffer.AsSpan(0, part.Count));
                if (!part.EndOfMessage)
                    continue;
                var text = Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length);
                message.SetLength(0);
                Keep(text);
                await hear(text);
            }

            if (_socket.State is WebSocketState.CloseReceived)
                await CloseAsync((int?)_socket.CloseStatus ?? 1000, null);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // Without a word.
        }

        _left.TrySetResult(((int?)_socket.CloseStatus, _socket.CloseStatusDescription));
    }

    private void Keep(string text)
    {
        lock (_lock)
        {
            _received.Enqueue(text);
            if (_received.Count > MaxKept)
                _received.Dequeue();
        }
    }

    private static bool IsGone(Exception exception) =>
        exception is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;
}
