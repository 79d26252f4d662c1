using System.Collections.Concurrent;

namespace Orchestrator.Tests.Support;

/// <summary>One journal for each key, so that tests may share a host.</summary>
public sealed class Journals
{
    private readonly ConcurrentDictionary<string, Journal> _journals = new(StringComparer.Ordinal);

    /// <summary>The journal of that key.</summary>
    public Journal Of(string key) => _journals.GetOrAdd(key, key => new Journal(key));
}

/// <summary>
/// What happened, line by line, and gates that a test holds shut. The code under test writes and passes; the test reads, holds
/// and releases. Nobody waits for a while: a line that does not come within ten seconds fails with what came instead.
/// </summary>
public sealed class Journal(string key)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly Dictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failures = new(StringComparer.Ordinal);

    /// <summary>All lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>Adds a line.</summary>
    public void Write(string line)
    {
        lock (_gate)
        {
            _lines.Add(line);
            if (_awaited.Remove(line, out var reader))
                reader.SetResult();
        }
    }

    /// <summary>Done when the line is there; at once if it is already.</summary>
    public async Task ReadAsync(string line)
    {
        try
        {
            await Arrival(line).WaitAsync(Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{key} never wrote '{line}'. It wrote: {string.Join(", ", Lines)}.", exception);
        }
    }

    /// <summary>Shuts a gate until it is released.</summary>
    public void Hold(string gate)
    {
        lock (_gate)
            _held[gate] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Opens a gate for good.</summary>
    public void Release(string gate)
    {
        lock (_gate)
        {
            if (_held.Remove(gate, out var shut))
                shut.SetResult();
        }
    }

    /// <summary>Goes through a gate, at once unless it is held.</summary>
    public Task PassAsync(string gate)
    {
        lock (_gate)
            return _held.TryGetValue(gate, out var shut) ? shut.Task : Task.CompletedTask;
    }

    /// <summary>Asks for one failure there.</summary>
    public void Fail(string where)
    {
        lock (_gate)
            _failures.Add(where);
    }

    /// <summary>Throws if a failure was asked for there.</summary>
    public void FailIfAsked(string where)
    {
        lock (_gate)
        {
            if (_failures.Remove(where))
                throw new InvalidOperationException($"asked to fail: {where}");
        }
    }

    /// <summary>1, 2, 3 and so on.</summary>
    public int Next(string counter)
    {
        lock (_gate)
            return _counts[counter] = _counts.GetValueOrDefault(counter) + 1;
    }

    /// <summary>The arrival of a line, as a task without a bound.</summary>
    public Task Arrival(string line)
    {
        lock (_gate)
        {
            if (_lines.Contains(line))
                return Task.CompletedTask;
            if (!_awaited.TryGetValue(line, out var reader))
                _awaited[line] = reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return reader.Task;
        }
    }
}
