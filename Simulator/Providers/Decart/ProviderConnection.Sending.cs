using System.Globalization;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

// What goes out. One message at a time, whoever sends it: the script, an automatic reply, a test.
public partial class ProviderConnection
{
    private readonly SemaphoreSlim _sending = new(1, 1);
    private volatile bool _dropped;
    private ITimer? _closeTimer;
    private decimal _lastSeconds;

    /// <summary>Sends a text as it stands. A tick among such texts is truth like any other.</summary>
    public Task SendTextAsync(string text) => DemandAsync(TrySendTextAsync(Encoding.UTF8.GetBytes(text)));

    /// <summary>Sends bytes.</summary>
    public Task SendBinaryAsync(ReadOnlyMemory<byte> bytes) => DemandAsync(TrySendAsync(FrameKind.Binary, bytes));

    /// <summary>Sends a tick with these cumulative seconds, written as they are.</summary>
    public Task TickAsync(decimal seconds) => DemandAsync(TrySendTextAsync(DecartWire.Tick(seconds)));

    /// <summary>Performs the steps of another script here and now, beside what is playing already. Its switches are ignored.</summary>
    public Task PlayAsync(Script script) => DemandAsync(new ScriptPlayer(this, _byHand, _options).PlayAsync(script, _over.Token));

    /// <summary>
    /// Sends a close frame with any code, allowed or not; null sends none. The peer has
    /// <see cref="SimulatorOptions.CloseTimeout"/> to answer. Repeating it does nothing.
    /// </summary>
    public async Task CloseAsync(int? code = 1000, string? reason = null)
    {
        var frame = DecartWire.CloseFrame(code, reason);
        await _sending.WaitAsync();
        try
        {
            if (_closedHere || _over.IsCancellationRequested)
                return;

            _closedHere = true;
            await WriteRawAsync(frame);
            Truth.Over();
            Truth.Add(TruthKind.Closed, text: reason, code: code);
            AbortLater();
        }
        catch (Exception exception) when (IsLost(exception))
        {
            // The reader has noticed, or is about to.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Resets the TCP connection: the peer hears no close frame. Repeating it does nothing.</summary>
    public void Drop()
    {
        if (_completion.Task.IsCompleted)
            return;

        _dropped = true;
        Truth.Over();
        _over.Cancel();
        _abort();
    }

    /// <summary>The decimal of the last tick, for an end that does not say its own.</summary>
    internal decimal LastSeconds => _lastSeconds;

    /// <summary>Sends a message of the dialect and writes down what it told about generated time. False: the connection is over.</summary>
    internal ValueTask<bool> TrySendTextAsync(ReadOnlyMemory<byte> text) => TrySendAsync(FrameKind.Text, text, Signal.Read(text.Span));

    /// <summary>Sends a message; with nothing to write down it allocates nothing. False: the connection is over.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> TrySendAsync(FrameKind kind, ReadOnlyMemory<byte> payload, Signal? signal = null)
    {
        await _sending.WaitAsync();
        try
        {
            if (_closedHere || _over.IsCancellationRequested)
                return false;

            // No token: cancelling a send costs the socket its state. What frees a send that hangs is the abort.
            await _socket.SendAsync(
                payload, kind is FrameKind.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            if (signal is not null)
                WriteDown(signal);
            return true;
        }
        catch (Exception exception) when (IsLost(exception))
        {
            return false;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Answers the peer's close frame, if it came and ours had not gone out.</summary>
    private async Task SayGoodbyeAsync(Farewell farewell)
    {
        if (farewell.Code is not { } code || _closedHere)
            return;

        // A send to a peer that reads no more may hold the line: the abort frees it.
        AbortLater();
        await _sending.WaitAsync();
        try
        {
            await WriteRawAsync(DecartWire.CloseFrame(code, reason: null));
        }
        catch (Exception exception) when (IsLost(exception))
        {
            // It did not wait for an answer.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>
    /// Past the WebSocket, which refuses codes that a bad provider sends. Its own pongs cannot fall into the frame: each
    /// write reaches Kestrel's pipe whole.
    /// </summary>
    private async Task WriteRawAsync(byte[] frame)
    {
        await _stream.WriteAsync(frame);
        await _stream.FlushAsync();
    }

    private void AbortLater() =>
        _closeTimer ??= TimeProvider.System.CreateTimer(_ => _abort(), null, _options.CloseTimeout, Timeout.InfiniteTimeSpan);

    private void WriteDown(Signal signal)
    {
        switch (signal.Type)
        {
            case "answer" or "livekit_room_info":
                Truth.Answered();
                break;
            case "generation_started":
                Truth.Add(TruthKind.Started);
                break;
            case "generation_tick":
                if (signal.Milliseconds is not null)
                    _lastSeconds = decimal.Parse(signal.Seconds!, NumberStyles.Float, CultureInfo.InvariantCulture);
                Truth.Add(TruthKind.Tick, signal.Milliseconds, signal.Seconds);
                break;
            case "generation_ended":
                Truth.Add(TruthKind.Ended, signal.Milliseconds, signal.Reason);
                break;
        }
    }

    private async Task DemandAsync(ValueTask<bool> done)
    {
        if (!await done)
            throw new InvalidOperationException($"Connection {Id} is over: {Farewell?.ToString() ?? "its close has begun"}.");
    }

    private static bool IsLost(Exception exception) =>
        exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException;
}
