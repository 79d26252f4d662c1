using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// The way to one socket: messages leave in order, one at a time, and wait here while the socket is not open yet or slow.
/// A message that can leave at once does so from the reader's own buffer, without a copy, an allocation or a hand-over.
/// </summary>
/// <remarks>
/// A lock is taken twice per message because the reader that offers and the send that completes may be two threads; it is
/// uncontended but for that moment, and costs some 20 ns each time.
/// </remarks>
internal sealed class FrameLane(int readAhead, InFlightBudget budget, TimeProvider time)
{
    /// <summary>Larger messages leave in fragments of this size, so that progress shows on a slow line.</summary>
    public const int FragmentBytes = 64 * 1024;

    private readonly Lock _gate = new();
    private Queue<OutgoingMessage>? _waiting;
    private WebSocket? _socket;
    private TaskCompletionSource? _change;
    private long _waitingBytes;
    private long _progressAt;
    private bool _sending;
    private bool _closed;

    /// <summary>How long the socket has taken no byte of what is being sent; zero when nothing is.</summary>
    public TimeSpan StalledFor => Volatile.Read(ref _progressAt) is var at && at != 0 ? time.GetElapsedTime(at) : TimeSpan.Zero;

    /// <summary>The socket is open: what waited leaves now.</summary>
    public void Attach(WebSocket socket)
    {
        lock (_gate)
        {
            _socket = socket;
            if (_closed || _waiting is not { Count: > 0 })
                return;
            _sending = true;
        }

        _ = DrainAsync(socket);
    }

    /// <summary>
    /// Sends the message or lets it wait. On return the buffer is free again: either the bytes have left, or they were taken over.
    /// </summary>
    public void Send(MessageBuffer buffer, WebSocketMessageType kind)
    {
        WebSocket? socket;
        var atOnce = false;
        lock (_gate)
        {
            if (_closed)
            {
                buffer.Clear();
                return;
            }

            socket = _sending ? null : _socket;
            atOnce = socket is not null && buffer.Payload.Length <= FragmentBytes;
            if (!atOnce)
                Enqueue(buffer.Detach(kind));
            _sending |= socket is not null;
        }

        if (atOnce)
            SendAtOnce(socket!, buffer, kind);
        else if (socket is not null)
            _ = DrainAsync(socket);
    }

    /// <summary>Sends a text message of our own, after what waits.</summary>
    public void Send(ReadOnlySpan<byte> text)
    {
        using var buffer = new MessageBuffer(budget, text.Length);
        buffer.Write(text);
        Send(buffer, WebSocketMessageType.Text);
    }

    /// <summary>Waits until the reader may go on: little enough waits here, and the process has room.</summary>
    public ValueTask WhenReadableAsync() => IsReadable ? ValueTask.CompletedTask : WaitReadableAsync();

    /// <summary>Whether little enough waits here, and the process has room.</summary>
    public bool IsReadable => Volatile.Read(ref _waitingBytes) <= readAhead && !budget.IsSpent;

    /// <summary>
    /// Takes no more messages, lets those that wait leave, and then sends the close frame. Gives up when the socket fails or
    /// the token says so; nothing is thrown.
    /// </summary>
    public async Task CloseAsync(WireClose close, CancellationToken cancellationToken)
    {
        try
        {
            WebSocket? socket;
            while (true)
            {
                Task change;
                lock (_gate)
                {
                    _closed = true;
                    socket = _socket;
                    if (!_sending)
                        break;
                    change = NextChangeAsync();
                }

                await change.WaitAsync(cancellationToken);
            }

            if (socket is { State: WebSocketState.Open or WebSocketState.CloseReceived })
                await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException || IsGone(exception))
        {
            // The peer will notice when its socket is cut.
        }
        finally
        {
            Abandon();
        }
    }

    /// <summary>Takes no more messages and drops those that wait.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _closed = true;
            while (_waiting is not null && _waiting.TryDequeue(out var message))
                Forget(message);
            Changed();
        }
    }

    /// <summary>What a socket throws when there is nobody at its other end any more.</summary>
    public static bool IsGone(Exception exception) =>
        exception is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException;

    private void SendAtOnce(WebSocket socket, MessageBuffer buffer, WebSocketMessageType kind)
    {
        ValueTask sending;
        try
        {
            sending = socket.SendAsync(buffer.Payload, kind, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            buffer.Clear();
            Fail(socket);
            return;
        }

        if (!sending.IsCompletedSuccessfully)
        {
            _ = FinishAsync(socket, sending, Hold(buffer.Detach(kind)));
            return;
        }

#pragma warning disable RS0030 // Completed, so nobody waits. The result of a value task is to be taken once, even when it is none.
        sending.GetAwaiter().GetResult();
#pragma warning restore RS0030
        buffer.Clear();
        if (!TryRest())
            _ = DrainAsync(socket);
    }

    private async Task FinishAsync(WebSocket socket, ValueTask sending, OutgoingMessage message)
    {
        try
        {
            await sending;
        }
        catch (Exception exception) when (IsGone(exception))
        {
            Fail(socket);
            return;
        }
        finally
        {
            lock (_gate)
                Forget(message);
        }

        await DrainAsync(socket);
    }

    /// <summary>Sends what waits until nothing does. Whoever set <c>_sending</c> calls it, so it runs once at a time.</summary>
    private async Task DrainAsync(WebSocket socket)
    {
        while (TryNext(out var message))
        {
            try
            {
                await SendAsync(socket, message);
            }
            catch (Exception exception) when (IsGone(exception))
            {
                Fail(socket);
                return;
            }
            finally
            {
                lock (_gate)
                    Forget(message);
            }
        }
    }

    private async ValueTask SendAsync(WebSocket socket, OutgoingMessage message)
    {
        var rest = message.Payload;
        while (rest.Length > FragmentBytes)
        {
            await socket.SendAsync(rest[..FragmentBytes], message.Kind, endOfMessage: false, CancellationToken.None);
            rest = rest[FragmentBytes..];
            Volatile.Write(ref _progressAt, time.GetTimestamp());
        }

        await socket.SendAsync(rest, message.Kind, endOfMessage: true, CancellationToken.None);
    }

    private async ValueTask WaitReadableAsync()
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                if (_closed || _waitingBytes <= readAhead)
                    break;
                change = NextChangeAsync();
            }

            await change;
        }

        await budget.WaitAsync();
    }

    private bool TryNext(out OutgoingMessage message)
    {
        lock (_gate)
        {
            message = default;
            if (_waiting is null || !_waiting.TryDequeue(out message))
            {
                Rest();
                return false;
            }

            Volatile.Write(ref _progressAt, time.GetTimestamp());
            return true;
        }
    }

    private bool TryRest()
    {
        lock (_gate)
        {
            if (_waiting is { Count: > 0 })
                return false;
            Rest();
            return true;
        }
    }

    /// <summary>The socket has failed: what waits is lost, and cutting it lets its reader know.</summary>
    private void Fail(WebSocket socket)
    {
        lock (_gate)
            Rest();
        Abandon();
        socket.Abort();
    }

    // The rest is called inside the lock.

    private void Rest()
    {
        _sending = false;
        Volatile.Write(ref _progressAt, 0);
        Changed();
    }

    private void Enqueue(OutgoingMessage message) => (_waiting ??= new Queue<OutgoingMessage>()).Enqueue(Hold(message));

    private OutgoingMessage Hold(OutgoingMessage message)
    {
        Interlocked.Add(ref _waitingBytes, message.Length);
        if (_sending && Volatile.Read(ref _progressAt) == 0)
            Volatile.Write(ref _progressAt, time.GetTimestamp());
        return message;
    }

    private void Forget(OutgoingMessage message)
    {
        Interlocked.Add(ref _waitingBytes, -message.Length);
        message.Release(budget);
        Changed();
    }

    private Task NextChangeAsync() => (_change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Changed()
    {
        _change?.TrySetResult();
        _change = null;
    }
}
