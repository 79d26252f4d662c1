namespace Orchestrator.Grains.Sessions.Observing;

/// <summary>
/// Bytes that are added at one end and dropped at the other, in an array that grows with use up to a bound. Each byte has a
/// position that it keeps, whatever is dropped before it. Not for two threads at once.
/// </summary>
internal sealed class ByteRing(int maxBytes, RingBudget budget)
{
    private const int FirstBytes = 1024;

    private byte[] _bytes = [];
    private long _start;
    private long _end;

    /// <summary>Where the next byte goes.</summary>
    public long End => _end;

    /// <summary>How many bytes go in before something has to be dropped.</summary>
    public int Free => _bytes.Length - (int)(_end - _start);

    /// <summary>What it takes of memory.</summary>
    public int Taken => _bytes.Length;

    /// <summary>Grows, as far as it may, for so many bytes more.</summary>
    /// <returns>Whether they fit once enough is dropped; where they do not, nothing needs to be.</returns>
    public bool TryReserve(int length)
    {
        if (Free >= length)
            return true;
        // Twice as large each time, so that growing is rare; where the budget refuses that, what is needed at the least.
        var least = (long)(_end - _start) + length;
        if (_bytes.Length < maxBytes && !TryGrow((int)Math.Min(maxBytes, Math.Max(least, Math.Max(FirstBytes, 2L * _bytes.Length)))))
            TryGrow((int)Math.Min(maxBytes, least));
        return length <= _bytes.Length;
    }

    /// <summary>Adds bytes that fit.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        var at = (int)(_end % _bytes.Length);
        var first = Math.Min(bytes.Length, _bytes.Length - at);
        bytes[..first].CopyTo(_bytes.AsSpan(at));
        bytes[first..].CopyTo(_bytes);
        _end += bytes.Length;
    }

    /// <summary>Copies bytes that were not dropped.</summary>
    public void CopyTo(long position, Span<byte> copy) => CopyTo(_bytes, position, copy);

    /// <summary>Drops what comes before that position.</summary>
    public void DropTo(long position) => _start = position;

    /// <summary>Drops everything and gives the memory back.</summary>
    public void Release()
    {
        budget.Return(_bytes.Length);
        _bytes = [];
        _start = _end;
    }

    private bool TryGrow(int size)
    {
        if (size <= _bytes.Length || !budget.TryTake(size - _bytes.Length))
            return false;
        var (old, larger) = (_bytes, new byte[size]);
        for (var position = _start; position < _end;)
        {
            // As much as lies in one piece in both.
            var length = (int)Math.Min(_end - position, Math.Min(old.Length - (position % old.Length), size - (position % size)));
            CopyTo(old, position, larger.AsSpan((int)(position % size), length));
            position += length;
        }

        _bytes = larger;
        return true;
    }

    private static void CopyTo(byte[] bytes, long position, Span<byte> copy)
    {
        if (copy.IsEmpty)
            return;
        var at = (int)(position % bytes.Length);
        var first = Math.Min(copy.Length, bytes.Length - at);
        bytes.AsSpan(at, first).CopyTo(copy);
        bytes.AsSpan(0, copy.Length - first).CopyTo(copy[first..]);
    }
}
