using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>The newest frames of a connection, and whoever waits for the next. Safe for any thread.</summary>
internal sealed class FrameLog(SimulatorOptions options)
{
    /// <summary>How far somebody has read. One reader at a time.</summary>
    public sealed class Cursor
    {
        public long Next { get; set; }
    }

    private readonly Lock _lock = new();
    private readonly Queue<Frame> _frames = [];
    private TaskCompletionSource? _changed;
    private long _count;
    private long _bytes;
    private bool _complete;

    /// <summary>The frames still held, oldest first.</summary>
    public Frame[] Snapshot()
    {
        lock (_lock)
            return [.. _frames];
    }

    /// <summary>How many frames and bytes came in all.</summary>
    public (long Frames, long Bytes) Totals { get; private set; }

    public void Add(FrameKind kind, ReadOnlyMemory<byte> bytes, string? type, DateTimeOffset at, long timestamp)
    {
        lock (_lock)
        {
            _frames.Enqueue(new(_count++, kind, bytes, type, at, timestamp));
            _bytes += bytes.Length;
            Totals = (_count, Totals.Bytes + bytes.Length);
            while (_frames.Count > 1 && (_frames.Count > options.MaxReceivedFrames || _bytes > options.MaxReceivedBytes))
                _bytes -= _frames.Dequeue().Bytes.Length;
            Wake();
        }
    }

    /// <summary>No more frames will come; whoever waits is told so.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _complete = true;
            Wake();
        }
    }

    /// <summary>The next frame of that name beyond the cursor, which moves past it. Null when the connection ended without one.</summary>
    public async Task<Frame?> NextAsync(Cursor cursor, Func<Frame, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_frames.FirstOrDefault(frame => frame.Number >= cursor.Next && wanted(frame)) is { } found)
                {
                    cursor.Next = found.Number + 1;
                    return found;
                }
                if (_complete)
                    return null;
                changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Wake()
    {
        _changed?.SetResult();
        _changed = null;
    }
}
