using System.Threading.Tasks.Sources;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>
/// Lets one waiter sleep until somebody says that there is something to look at; said before, it does not sleep. Used again and
/// again without an allocation. The waiter goes on elsewhere, never inside the call that woke it.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Said = 1;
    private const int Awaited = 2;

    // Not readonly: a mutable struct.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Says it.</summary>
    public void Set()
    {
        if (Interlocked.CompareExchange(ref _state, Said, Idle) != Awaited)
            return;
        if (Interlocked.CompareExchange(ref _state, Idle, Awaited) == Awaited)
            _core.SetResult(result: true);
    }

    /// <summary>Waits for it. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Idle) == Idle)
            return new ValueTask(this, _core.Version);
        Interlocked.Exchange(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
