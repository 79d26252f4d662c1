using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

// What comes in. One loop per connection; a buffer is held only while a message is under way.
public partial class ProviderConnection
{
    private volatile TaskCompletionSource? _stalled;
    private volatile int _bytesPerSecond;
    private volatile bool _echoing;
    private volatile bool _speaksLiveKit;
    private MessageBuffer? _echoBuffer;
    private bool _tooBig;

    /// <summary>The client joined by dialect B.</summary>
    internal bool SpeaksLiveKit => _speaksLiveKit;

    /// <summary>It reads nothing now.</summary>
    internal bool IsStalled => _stalled is not null;

    /// <summary>Stops reading before the next message.</summary>
    internal void PauseReading() => _stalled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Reads on.</summary>
    internal void ResumeReading()
    {
        _stalled?.TrySetResult();
        _stalled = null;
    }

    /// <summary>Reads no faster than this; null takes the brake off.</summary>
    internal void BrakeReading(int? bytesPerSecond) => _bytesPerSecond = bytesPerSecond ?? 0;

    /// <summary>Sends every further message back.</summary>
    internal void StartEcho() => _echoing = true;

    /// <summary>The transport is gone: whoever waits for time or for frames stops.</summary>
    internal void Lost() => _over.Cancel();

    private async Task<Farewell> ReadAsync()
    {
        try
        {
            while (_echoing ? await EchoNextAsync() : await HandleNextAsync())
                continue;
            return new((int?)_socket.CloseStatus, _socket.CloseStatusDescription ?? "", Vanished: false, BySimulator: _closedHere);
        }
        catch (Exception exception) when (IsLost(exception))
        {
            return new(null, null, Vanished: !_dropped, BySimulator: _closedHere || _dropped);
        }
    }

    /// <summary>Reads and handles one message. False: a close frame came instead.</summary>
    private async ValueTask<bool> HandleNextAsync()
    {
        // An empty read waits for data without holding a buffer: a thousand idle sockets cost nothing here.
        var head = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        await WhileStalledAsync();
        if (head.MessageType is WebSocketMessageType.Close)
            return false;

        using var message = new MessageBuffer();
        var type = head.EndOfMessage ? head.MessageType : await ReadMessageAsync(message);
        if (type is WebSocketMessageType.Close)
            return false;

        if (!_tooBig)
            await HandleAsync(type is WebSocketMessageType.Text ? FrameKind.Text : FrameKind.Binary, message.Written);
        return true;
    }

    /// <summary>Sends one message back. It trades the buffer that it holds for a read less and no allocation per message.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> EchoNextAsync()
    {
        _echoBuffer ??= new();
        var type = await ReadMessageAsync(_echoBuffer);
        await WhileStalledAsync();
        if (type is WebSocketMessageType.Close)
            return false;

        await TrySendAsync(type is WebSocketMessageType.Text ? FrameKind.Text : FrameKind.Binary, _echoBuffer.Written);
        return true;
    }

    /// <summary>Reads a message to its end. Its type; that of a close frame when one came first.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<WebSocketMessageType> ReadMessageAsync(MessageBuffer message)
    {
        message.Clear();
        while (true)
        {
            var part = await _socket.ReceiveAsync(message.Free(Portion), CancellationToken.None);
            message.Advance(part.Count);
            if (message.Length > _options.MaxMessageBytes)
            {
                // The rest is read and thrown away until the peer has answered the close.
                _tooBig = true;
                message.Clear();
                await CloseAsync(1009, "Message too big");
            }
            if (_bytesPerSecond is > 0 and var brake)
                await Task.Delay(TimeSpan.FromSeconds((double)part.Count / brake), _options.TimeProvider, _over.Token);
            if (part.EndOfMessage)
                return part.MessageType;
        }
    }

    private ValueTask WhileStalledAsync() => _stalled is { } stalled ? new(stalled.Task.WaitAsync(_over.Token)) : default;

    private async ValueTask HandleAsync(FrameKind kind, ReadOnlyMemory<byte> message)
    {
        if (_echoing)
        {
            await TrySendAsync(kind, message);
            return;
        }

        var (at, timestamp) = (_options.TimeProvider.GetUtcNow(), _options.TimeProvider.GetTimestamp());
        var bytes = message.ToArray();
        var signal = kind is FrameKind.Text ? Signal.Read(bytes) : Signal.Nothing;
        _speaksLiveKit |= signal.Type is "livekit_join";

        // The answer goes out before anyone who expects the frame hears of it: a script that goes on after an offer never
        // overtakes the automatic answer.
        foreach (var reply in Replies.To(_script, signal, Id, _request.LiveKit))
            await TrySendTextAsync(reply);
        _log.Add(kind, bytes, signal.Type, at, timestamp);
    }

    /// <summary>How much to read at once; with the brake on a twentieth of a second's worth.</summary>
    private int Portion => _bytesPerSecond is > 0 and var brake ? Math.Max(brake / 20, 1) : int.MaxValue;
}
