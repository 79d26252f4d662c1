using System.Runtime.CompilerServices;
using System.Text;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>
/// The last frames of one session, for those who watch it: a bound in bytes, the oldest overwritten. It is written whether or
/// not anybody watches, so that who comes late still sees what led to where the session is.
/// </summary>
/// <remarks>
/// A frame costs one copy and some 20 ns for the lock, which is between the session's two pumps, its grain and its watchers; it
/// allocates nothing but when the arrays grow, a dozen times in the life of a session. A watcher holds the lock for one page.
/// </remarks>
/// <param name="maxBytes">The most that the frames and what is noted beside each may take.</param>
/// <param name="budget">What all rings of the process may take together.</param>
/// <param name="time">When a frame passed.</param>
public sealed class SessionRing(int maxBytes, RingBudget budget, TimeProvider time) : IDisposable
{
    private const int FirstHeads = 16;

    /// <summary>A quarter is for what is noted beside the frames: as many as there are when each has about 128 bytes.</summary>
    private const int HeadsShare = 4;

    /// <summary>A frame longer than this share of the ring is not kept, only that it passed, and its type.</summary>
    private const int LongestShare = 4;

    /// <summary>How far into a frame that is not kept its type is looked for, and how long it may be.</summary>
    private const int TypeWithin = 4 * 1024, LongestType = 64;

    private readonly int _maxHeads = Math.Max(FirstHeads, maxBytes / HeadsShare / Unsafe.SizeOf<Head>());
    private readonly int _longest = maxBytes / LongestShare;
    private readonly ByteRing _bytes = new(maxBytes - maxBytes / HeadsShare, budget);
    private readonly Lock _gate = new();
    private Head[] _heads = [];
    private long _first = 1;
    private long _next = 1;
    private bool _isClosed;
    private long _closedAt;
    private TaskCompletionSource? _more;

    /// <summary>What it takes of memory.</summary>
    public int Bytes
    {
        get
        {
            lock (_gate)
                return _bytes.Taken + _heads.Length * Unsafe.SizeOf<Head>();
        }
    }

    /// <summary>The number that the next frame will have.</summary>
    public long Next
    {
        get
        {
            lock (_gate)
                return _next;
        }
    }

    /// <summary>For how long it has been closed; null while it is not.</summary>
    public TimeSpan? ClosedFor
    {
        get
        {
            lock (_gate)
                return _isClosed ? time.GetElapsedTime(_closedAt) : null;
        }
    }

    /// <summary>Records a frame. Once the ring is closed nothing is recorded any more.</summary>
    public void Add(ObservedFrom from, ReadOnlySpan<byte> payload, bool isText)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            // The number is given in any case: one that has no room shows as a gap, and as nothing else.
            if (TryMakeHead())
            {
                var kept = payload.Length <= _longest && TryMakeRoom(payload.Length) ? payload : TypeOf(payload, isText);
                _heads[_next % _heads.Length] = new Head(time.GetUtcNow().UtcTicks, _bytes.End, payload.Length, kept.Length, from, isText);
                _bytes.Add(kept);
                _next++;
            }
            else
            {
                _first = ++_next;
            }

            Tell();
        }
    }

    /// <summary>The session is over: who has read all that is recorded has seen all. Safe to repeat.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (!_isClosed)
                (_isClosed, _closedAt) = (true, time.GetTimestamp());
            Tell();
        }
    }

    /// <summary>What is recorded from that number on, about so many bytes of it and at least one frame.</summary>
    public ObservedPage Read(long from, int bytes)
    {
        lock (_gate)
        {
            var frames = new List<ObservedFrame>();
            for (var sequence = Math.Max(from, _first); sequence < _next; sequence++)
            {
                ref readonly var head = ref _heads[sequence % _heads.Length];
                bytes -= head.Kept + Unsafe.SizeOf<Head>();
                if (frames.Count > 0 && bytes < 0)
                    break;
                frames.Add(Frame(sequence, head));
            }

            var next = frames.Count > 0 ? frames[^1].Sequence + 1 : Math.Max(from, _next);
            return new ObservedPage(Found: true, frames, next, IsOver: _isClosed && next >= _next);
        }
    }

    /// <summary>Done once something is recorded from that number on, or the session is over.</summary>
    public Task WhenMoreAsync(long from)
    {
        lock (_gate)
        {
            if (_isClosed || _next > from)
                return Task.CompletedTask;
            return (_more ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Forgets everything and gives the memory back. Safe to repeat.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Close();
            _bytes.Release();
            budget.Return(_heads.Length * Unsafe.SizeOf<Head>());
            _heads = [];
            _first = _next;
        }
    }

    private ObservedFrame Frame(long sequence, in Head head)
    {
        var kept = new byte[head.Kept];
        _bytes.CopyTo(head.Position, kept);
        var at = new DateTimeOffset(head.AtTicks, TimeSpan.Zero);
        return head.Kept == head.Length
            ? new ObservedFrame(sequence, at, head.From, head.IsText, head.Length, kept)
            : new ObservedFrame(sequence, at, head.From, head.IsText, head.Length, []) { Type = kept is [] ? null : Encoding.UTF8.GetString(kept) };
    }

    /// <summary>The type of a text that is not kept, as it stands in the frame; nothing where it is not near its beginning.</summary>
    private ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> payload, bool isText) =>
        isText && FrameReader.TryReadType(payload[..Math.Min(payload.Length, TypeWithin)], out var reader)
            && reader.ValueSpan is { Length: <= LongestType } type && type.Length < payload.Length && TryMakeRoom(type.Length)
            ? type
            : [];

    private bool TryMakeHead()
    {
        var count = _next - _first;
        if (count < _heads.Length)
            return true;

        var size = Math.Min(_maxHeads, Math.Max(FirstHeads, _heads.Length * 2));
        if (size > _heads.Length && budget.TryTake((size - _heads.Length) * Unsafe.SizeOf<Head>()))
        {
            var larger = new Head[size];
            for (var sequence = _first; sequence < _next; sequence++)
                larger[sequence % size] = _heads[sequence % _heads.Length];
            _heads = larger;
            return true;
        }

        if (count == 0)
            return false;
        DropOldest();
        return true;
    }

    private bool TryMakeRoom(int length)
    {
        if (!_bytes.TryReserve(length))
            return false;
        while (_bytes.Free < length)
            DropOldest();
        return true;
    }

    private void DropOldest()
    {
        _first++;
        _bytes.DropTo(_first < _next ? _heads[_first % _heads.Length].Position : _bytes.End);
    }

    private void Tell()
    {
        _more?.TrySetResult();
        _more = null;
    }

    /// <summary>What is noted beside a frame: 32 bytes.</summary>
    private readonly record struct Head(long AtTicks, long Position, int Length, int Kept, ObservedFrom From, bool IsText);
}
