using System.Collections.Concurrent;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// The marks of this process that are not durable yet. Raising one costs a write and, once per flush, a queue entry.
/// Who must not go on before a mark is durable waits here, and the flush is told to hurry.
/// </summary>
public sealed class MarkBook : IDisposable
{
    private readonly ConcurrentQueue<LiveGeneration> _dirty = new();
    private readonly ConcurrentDictionary<LiveGeneration, byte> _open = new();
    private readonly List<Waiter> _waiters = [];
    private readonly Lock _gate = new();

    /// <summary>Set when somebody waits for a flush.</summary>
    internal AutoResetEvent Urgent { get; } = new(initialState: false);

    /// <summary>The runs that still count.</summary>
    public IEnumerable<LiveGeneration> Open => _open.Keys;

    /// <summary>How many runs still count.</summary>
    public int OpenCount => _open.Count;

    /// <summary>A run begins.</summary>
    public void Add(LiveGeneration generation) => _open.TryAdd(generation, 0);

    /// <summary>Raises a run's mark; a value that is not higher changes nothing.</summary>
    public void Raise(LiveGeneration generation, long markMs)
    {
        if (markMs <= generation.MarkMs)
            return;
        generation.Raise(markMs);
        Enqueue(generation);
    }

    /// <summary>A run is over; its last mark is made durable with its close and no more by the flush.</summary>
    public void Close(LiveGeneration generation)
    {
        generation.Close();
        _open.TryRemove(generation, out _);
    }

    /// <summary>Puts a run's mark into the next flush although it did not rise: its row, or its epoch, is new.</summary>
    public void Enqueue(LiveGeneration generation)
    {
        if (generation.TryDirty())
            _dirty.Enqueue(generation);
    }

    /// <summary>Done when the run's mark, as it stands now, is durable; asks for a flush at once.</summary>
    public Task WhenDurableAsync(LiveGeneration generation)
    {
        if (generation.DurableMs >= generation.MarkMs)
            return Task.CompletedTask;

        var waiter = new Waiter(generation, generation.MarkMs);
        lock (_gate)
            _waiters.Add(waiter);
        Enqueue(generation);
        Urgent.Set();
        return waiter.Done.Task;
    }

    /// <summary>
    /// Takes what is to be flushed now, sorted by id, and remembers whose it is. Runs without a row yet stay queued.
    /// </summary>
    public TakenMarks Take()
    {
        var taken = new List<(long Id, LiveGeneration Generation)>(_dirty.Count);
        for (var left = _dirty.Count; left > 0 && _dirty.TryDequeue(out var generation); left--)
        {
            generation.Clean();
            if (generation.Ownership.IsLost)
                continue;
            if (generation.Id is { } id)
                taken.Add((id, generation));
            else
                Enqueue(generation);
        }

        taken.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        var marks = new MarkBatch(new long[taken.Count], new int[taken.Count], new long[taken.Count]);
        for (var i = 0; i < taken.Count; i++)
            (marks.Ids[i], marks.Epochs[i], marks.Milliseconds[i]) = (taken[i].Id, taken[i].Generation.Ownership.Epoch, taken[i].Generation.MarkMs);
        return new TakenMarks(marks, taken.ConvertAll(entry => entry.Generation));
    }

    /// <summary>The taken marks are durable.</summary>
    public void Confirm(TakenMarks taken)
    {
        for (var i = 0; i < taken.Generations.Count; i++)
            taken.Generations[i].Made(taken.Marks.Milliseconds[i]);
        Release();
    }

    /// <summary>Whether the taken marks are durable is not known; they are flushed again.</summary>
    public void Return(TakenMarks taken)
    {
        foreach (var generation in taken.Generations)
            Enqueue(generation);
    }

    /// <summary>A mark was made durable by other means, with the close of its run.</summary>
    public void ConfirmClosed(LiveGeneration generation)
    {
        generation.Made(generation.MarkMs);
        Release();
    }

    /// <inheritdoc/>
    public void Dispose() => Urgent.Dispose();

    private void Release()
    {
        lock (_gate)
        {
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (_waiters[i].Generation.DurableMs < _waiters[i].MarkMs)
                    continue;
                _waiters[i].Done.TrySetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private sealed record Waiter(LiveGeneration Generation, long MarkMs)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Marks on their way to the store, and the runs they are of.</summary>
public sealed record TakenMarks(MarkBatch Marks, IReadOnlyList<LiveGeneration> Generations);
