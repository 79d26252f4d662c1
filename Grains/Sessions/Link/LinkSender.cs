using System.Buffers;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>Takes a batch to the other end and brings its answer.</summary>
internal delegate Task<LinkAck> LinkCall(FrameBatch batch);

/// <summary>
/// The sending end of one direction: a frame leaves at once while no batch is under way, and gathers with others while one is.
/// <code>
///   SendAsync ──▶ gathered, at most 64 KB ──▶ one batch under way ──▶ the other end
///       ▲                   │                     │   sent again, the same, until it is answered
///       └── waits while full┘                     └── waits while the other end has no room
/// </code>
/// </summary>
internal sealed class LinkSender(Guid attachment, LinkCall call, LinkReceiver receiver, InFlightBudget memory, TimeProvider time, Action<LinkVerdict?> failed)
    : IThreadPoolWorkItem
{
    /// <summary>How long one call may take before it is made again.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>A piece of a message smaller than this waits for the next batch rather than be cut off for this one.</summary>
    private const int LeastPiece = 1024;

    /// <summary>What gathers when the process has no memory to spare.</summary>
    private const int FrugalBytes = 4096;

    private readonly Lock _gate = new();
    private TaskCompletionSource? _change;
    private LinkSending _state = LinkSending.New;
    private byte[] _gathered = [];
    private int _length;
    private bool _pooled;
    private bool _sending;
    private bool _owes;
    private bool _isOver;
    private long _sentAt;
    private CloseCode? _ended;

    /// <summary>When a batch left last; 0 before the first.</summary>
    public long SentAt => Volatile.Read(ref _sentAt);

    /// <summary>
    /// Adds a frame to what leaves next. Done when it has been copied, which waits while too much has not left yet. A message may
    /// be cut into more pieces on the way. One caller at a time.
    /// </summary>
    public ValueTask SendAsync(LinkFrameKind kind, bool isLast, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        TryAdd(kind, isLast, ref payload) ? ValueTask.CompletedTask : SendRestAsync(kind, isLast, payload, cancellationToken);

    /// <summary>Whatever leaves from now on says that the session has ended, and why.</summary>
    public void Ends(CloseCode why)
    {
        lock (_gate)
            _ended = why;
    }

    /// <summary>Waits until the other end has all that was sent, or never will.</summary>
    public async Task WhenDeliveredAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                if (_isOver || (!_sending && _length == 0))
                    return;
                change = NextChangeAsync();
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The other end told its limit: what waited for it leaves.</summary>
    public void Heard(long limit)
    {
        lock (_gate)
        {
            _state = _state.Heard(limit);
            if (!TryBegin())
                return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Sends a batch soon, an empty one if need be: the other end is to hear our limit, or that we are here.</summary>
    public void Owe()
    {
        lock (_gate)
        {
            _owes = true;
            if (!TryBegin())
                return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Nothing more leaves; who waits to send is told so.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            memory.Return(_length);
            Forget();
            Changed();
        }
    }

    /// <summary>Never inside the turn of the grain, or the call, that brought the reason to send.</summary>
    void IThreadPoolWorkItem.Execute() => _ = SendAllAsync();

    private async ValueTask SendRestAsync(LinkFrameKind kind, bool isLast, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        do
        {
            Task change;
            lock (_gate)
                change = !_isOver && _length > 0 ? NextChangeAsync() : Task.CompletedTask;
            await change.WaitAsync(cancellationToken);
        }
        while (!TryAdd(kind, isLast, ref payload));
    }

    private bool TryAdd(LinkFrameKind kind, bool isLast, ref ReadOnlyMemory<byte> payload)
    {
        bool fits, begins;
        lock (_gate)
        {
            if (_isOver)
                throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The link to the other process is over.");
            var room = (memory.IsSpent && _length > 0 ? FrugalBytes : LinkBounds.BatchBytes) - _length - LinkFrame.HeadBytes;
            fits = payload.Length <= room;
            if (fits || room >= LeastPiece)
            {
                var piece = fits ? payload : payload[..room];
                Add(kind, fits && isLast, piece.Span);
                payload = payload[piece.Length..];
            }

            begins = TryBegin();
        }

        if (begins)
            _ = SendAllAsync();
        return fits;
    }

    private async Task SendAllAsync()
    {
        while (TryTake(out var batch))
        {
            var answer = await CallAsync(batch);
            memory.Return(batch.Frames.Length);
            if (!TryApply(batch, answer))
                return;
        }
    }

    private async Task<LinkAck?> CallAsync(FrameBatch batch)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await call(batch).WaitAsync(CallTimeout, time);
            }
            catch (CallbackGoneException)
            {
                return LinkAck.Gone;
            }
#pragma warning disable CA1031 // Whatever it was, the outcome is unknown, and the same batch may be sent again.
            catch (Exception)
#pragma warning restore CA1031
            {
                if (Volatile.Read(ref _isOver) || time.GetElapsedTime(since) > LinkEnd.SilenceTimeout)
                    return null;
            }

            await Task.Delay(RetryDelay, time);
        }
    }

    private bool TryTake(out FrameBatch batch)
    {
        lock (_gate)
        {
            batch = null!;
            var hasFrames = _length > 0 && _state.MaySend;
            if (_isOver || !(hasFrames || _owes))
            {
                _sending = false;
                Changed();
                return false;
            }

            _owes = false;
            Volatile.Write(ref _sentAt, time.GetTimestamp());
            batch = new FrameBatch(attachment, _state.Position, receiver.Tell(), hasFrames ? Gathered() : [], Ended: _ended);
            Changed();
            return true;
        }
    }

    private bool TryApply(FrameBatch batch, LinkAck? answer)
    {
        LinkVerdict? verdict = null;
        lock (_gate)
        {
            if (answer is { } ack)
                (_state, verdict) = _state.Answered(batch.Frames.Length, ack);
            if (verdict is LinkVerdict.Delivered)
                return true;
            _sending = false;
        }

        failed(verdict);
        return false;
    }

    // The rest is called inside the lock.

    private bool TryBegin()
    {
        if (_sending || _isOver || !(_owes || (_length > 0 && _state.MaySend)))
            return false;
        return _sending = true;
    }

    private void Add(LinkFrameKind kind, bool isLast, ReadOnlySpan<byte> payload)
    {
        var packed = LinkFrame.HeadBytes + payload.Length;
        MakeRoom(packed);
        LinkFrame.Pack(_gathered.AsSpan(_length), kind, isLast, payload);
        _length += packed;
        memory.Charge(packed);
    }

    private void MakeRoom(int bytes)
    {
        if (_length + bytes <= _gathered.Length)
            return;
        if (_length == 0 && !_sending && _state.MaySend)
        {
            // It leaves by itself and at once: this array is what travels.
            _gathered = new byte[bytes];
            _pooled = false;
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(Math.Max(2 * _gathered.Length, _length + bytes), LinkBounds.BatchBytes));
        _gathered.AsSpan(0, _length).CopyTo(larger);
        if (_pooled)
            ArrayPool<byte>.Shared.Return(_gathered);
        (_gathered, _pooled) = (larger, true);
    }

    /// <summary>What was gathered, in an array that nobody writes to from here on.</summary>
    private byte[] Gathered()
    {
        var frames = !_pooled && _length == _gathered.Length ? _gathered : _gathered.AsSpan(0, _length).ToArray();
        Forget();
        return frames;
    }

    private void Forget()
    {
        if (_pooled)
            ArrayPool<byte>.Shared.Return(_gathered);
        (_gathered, _length, _pooled) = ([], 0, false);
    }

    private Task NextChangeAsync() => (_change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Changed()
    {
        _change?.TrySetResult();
        _change = null;
    }
}
