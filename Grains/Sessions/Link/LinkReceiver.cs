using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>
/// The receiving end of one direction: batches lie here until the one reader takes their frames, straight out of the arrays
/// they came in. What lies here is bounded by the limit that the sender is told.
/// </summary>
/// <param name="memory">What all links of the process hold; when it is spent, each is granted one batch at a time.</param>
/// <param name="tell">The sender waits to hear of its new limit.</param>
internal sealed class LinkReceiver(InFlightBudget memory, Action tell)
{
    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _batches = new();
    private readonly AsyncSignal _signal = new();
    private ReadOnlyMemory<byte> _rest;
    private LinkReceiving _state = LinkReceiving.New;
    private int _inHand;
    private bool _isOver;

    /// <summary>How many bytes lie here.</summary>
    public long Unread
    {
        get
        {
            lock (_gate)
                return _state.Unread;
        }
    }

    /// <summary>Takes a batch if it is the next one, and says what is missing now.</summary>
    public LinkAck Receive(long position, byte[] frames)
    {
        lock (_gate)
        {
            var before = _state;
            _state = _state.Receive(position, frames.Length, Window);
            if (_state != before && !_isOver)
            {
                memory.Charge(frames.Length);
                _batches.Enqueue(frames);
                _signal.Set();
            }

            return _state.Ack;
        }
    }

    /// <summary>The limit, to go with what leaves in the other direction.</summary>
    public long Tell()
    {
        lock (_gate)
        {
            _state = _state.Tell(Window);
            return _state.Told;
        }
    }

    /// <summary>The next frame, if it is there.</summary>
    public bool TryRead(out LinkFrame frame)
    {
        bool mustTell, found;
        lock (_gate)
        {
            Settle();
            mustTell = !_isOver && _state.MustTell(Window);
            found = TryNext(out frame);
        }

        if (mustTell)
            tell();
        return found;
    }

    /// <summary>The next frame, which is the reader's until it asks for another; <see cref="LinkFrame.End"/> for ever once the link is over.</summary>
    public ValueTask<LinkFrame> ReadAsync() => TryRead(out var frame) ? ValueTask.FromResult(frame) : WaitAsync();

    /// <summary>Nothing more will come. What came before may still be read, unless it is to be dropped.</summary>
    public void End(bool drops)
    {
        lock (_gate)
        {
            _isOver = true;
            if (drops)
                Drop();
            _signal.Set();
        }
    }

    private int Window => memory.IsSpent ? LinkBounds.LeastBytes : LinkBounds.WindowBytes;

    private async ValueTask<LinkFrame> WaitAsync()
    {
        while (true)
        {
            await _signal.WaitAsync();
            if (TryRead(out var frame))
                return frame;
        }
    }

    /// <summary>The frame that was handed out last is done with.</summary>
    private void Settle()
    {
        _state = _state.Took(_inHand);
        memory.Return(_inHand);
        _inHand = 0;
    }

    private bool TryNext(out LinkFrame frame)
    {
        frame = LinkFrame.End;
        if (_rest.IsEmpty && _batches.TryDequeue(out var batch))
            _rest = batch;
        if (_rest.IsEmpty)
            return _isOver;

        if (LinkFrame.TryUnpack(_rest, out frame))
        {
            _inHand = frame.PackedBytes;
            _rest = _rest[_inHand..];
            return true;
        }

        // Not packed by us: nothing behind it can be trusted.
        _isOver = true;
        Drop();
        return true;
    }

    private void Drop()
    {
        var dropped = _rest.Length + _batches.Sum(batch => batch.Length);
        _batches.Clear();
        _rest = default;
        memory.Return(dropped + _inHand);
        _inHand = 0;
    }
}
