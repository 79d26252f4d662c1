using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>
/// The last frames of one session, for those who watch it: a bound in bytes, the oldest overwritten. It is written whether or
/// not anybody watches, so that who comes late still sees what led to where the session is. A frame costs one copy into an
/// array that grows with use and no allocation of its own; the lock is between the session's two pumps and its watchers.
/// </summary>
/// <param name="maxBytes">The most that the frames may take.</param>
/// <param name="budget">What all rings of the process may take together.</param>
/// <param name="time">When a frame passed.</param>
public sealed class SessionRing(int maxBytes, RingBudget budget, TimeProvider time) : IDisposable
{
    private const int FirstBytes = 1024;

    /// <summary>A frame longer than this share of the ring is not kept, only that it passed.</summary>
    private const int LongestShare = 4;

    private readonly Lock _gate = new();
    private readonly Queue<Head> _heads = new();
    private byte[] _bytes = [];
    private int _start;
    private int _used;
    private long _next = 1;
    private bool _isOver;
    private TaskCompletionSource? _more;

    /// <summary>Records a frame. Once the ring is closed nothing is recorded any more.</summary>
    public void Add(ObservedFrom from, ReadOnlySpan<byte> payload, bool isText)
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            var kept = payload.Length <= maxBytes / LongestShare && TryMakeRoom(payload.Length) ? payload.Length : 0;
            Write(payload[..kept]);
            _heads.Enqueue(new Head(_next++, time.GetUtcNow(), from, isText, payload.Length, kept));
            // Heads are memory too: as many as there would be of frames of 64 bytes.
            while (_heads.Count > maxBytes / 64)
                DropOldest();
            Tell();
        }
    }

    /// <summary>The session is over: who has read all that is recorded has seen all.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isOver = true;
            Tell();
        }
    }

    /// <summary>What is recorded from that number on, about so many bytes of it and at least one frame.</summary>
    public ObservedPage Read(long from, int bytes)
    {
        lock (_gate)
        {
            var frames = new List<ObservedFrame>();
            var offset = 0;
            foreach (var head in _heads)
            {
                if (head.Sequence >= from)
                {
                    if (frames.Count > 0 && bytes < head.Kept)
                        break;
                    bytes -= head.Kept;
                    frames.Add(new ObservedFrame(head.Sequence, head.At, head.From, head.IsText, head.Length, Copy(offset, head.Kept)));
                }

                offset += head.Kept;
            }

            var next = frames.Count > 0 ? frames[^1].Sequence + 1 : Math.Max(from, _next);
            return new ObservedPage(Found: true, frames, next, IsOver: _isOver && next >= _next);
        }
    }

    /// <summary>Done once something is recorded from that number on, or the session is over.</summary>
    public Task WhenMoreAsync(long from)
    {
        lock (_gate)
        {
            if (_isOver || _next > from)
                return Task.CompletedTask;
            return (_more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Close();
            budget.Return(_bytes.Length);
            _bytes = [];
            _heads.Clear();
            _used = _start = 0;
        }
    }

    private bool TryMakeRoom(int length)
    {
        while (_used + length > _bytes.Length && _bytes.Length < maxBytes)
        {
            var size = Math.Min(maxBytes, Math.Max(FirstBytes, _bytes.Length * 2));
            if (!budget.TryTake(size - _bytes.Length))
                break;
            var larger = new byte[size];
            Copy(0, _used).CopyTo(larger, 0);
            (_bytes, _start) = (larger, 0);
        }

        while (_used + length > _bytes.Length && _heads.Count > 0)
            DropOldest();
        return _used + length <= _bytes.Length;
    }

    private void DropOldest()
    {
        var head = _heads.Dequeue();
        _used -= head.Kept;
        _start = _bytes.Length == 0 ? 0 : (_start + head.Kept) % _bytes.Length;
    }

    private void Write(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
            return;
        var at = (_start + _used) % _bytes.Length;
        var first = Math.Min(payload.Length, _bytes.Length - at);
        payload[..first].CopyTo(_bytes.AsSpan(at));
        payload[first..].CopyTo(_bytes);
        _used += payload.Length;
    }

    private byte[] Copy(int offset, int length)
    {
        var copy = new byte[length];
        if (length == 0)
            return copy;
        var at = (_start + offset) % _bytes.Length;
        var first = Math.Min(length, _bytes.Length - at);
        _bytes.AsSpan(at, first).CopyTo(copy);
        _bytes.AsSpan(0, length - first).CopyTo(copy.AsSpan(first));
        return copy;
    }

    private void Tell()
    {
        _more?.TrySetResult();
        _more = null;
    }

    private readonly record struct Head(long Sequence, DateTimeOffset At, ObservedFrom From, bool IsText, int Length, int Kept);
}
