using System.Net.WebSockets;

namespace Orchestrator.Grains.Providers;

/// <summary>A message on its way between the two ends of a <see cref="FramePipe"/>, or the goodbye after the last.</summary>
internal readonly record struct QueuedMessage(WebSocketMessageType Kind, ReadOnlyMemory<byte> Payload, (int Code, string? Reason)? Close);

/// <summary>One direction of a <see cref="FramePipe"/>: one that adds, one that takes, and a bound in bytes.</summary>
internal sealed class MessageQueue(int maxUnread)
{
    private readonly Lock _gate = new();
    private readonly Queue<QueuedMessage> _messages = new();
    private TaskCompletionSource? _changed;
    private long _unread;
    private bool _isCut;

    /// <summary>Whether it was cut: nothing more passes.</summary>
    public bool IsCut
    {
        get
        {
            lock (_gate)
                return _isCut;
        }
    }

    /// <summary>Adds a message once there is room; one that is larger than the bound alone needs an empty queue.</summary>
    public async ValueTask AddAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ThrowIfCut();
                if (_unread == 0 || _unread + message.Payload.Length <= maxUnread)
                {
                    _unread += message.Payload.Length;
                    _messages.Enqueue(message);
                    Tell();
                    return;
                }

                changed = ChangedAsync();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes the next message once there is one.</summary>
    public async ValueTask<QueuedMessage> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_messages.TryDequeue(out var message))
                {
                    _unread -= message.Payload.Length;
                    Tell();
                    return message;
                }

                ThrowIfCut();
                changed = ChangedAsync();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Nothing more passes; whoever waits is told.</summary>
    public void Cut(bool keepsUnread)
    {
        lock (_gate)
        {
            _isCut = true;
            if (!keepsUnread)
                _messages.Clear();
            Tell();
        }
    }

    private void ThrowIfCut()
    {
        if (_isCut)
            throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The other end is gone.");
    }

    private Task ChangedAsync() => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Tell()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
