using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// What the relays of a process may hold in memory together: messages being assembled and messages waiting for a slow
/// socket. Beyond it reading stops. So that two half-read messages cannot wait for each other for ever, one at a time may
/// overdraw by a whole message, which is kept back from the limit for that purpose. The read buffer that every socket has
/// anyway (4 KiB) is not counted.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing that needs disposing, and the budget lives as long as the process.")]
internal sealed class InFlightBudget(long limit, int maxMessage)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private readonly long _limit = limit - maxMessage;
    private readonly SemaphoreSlim _overdraft = new(1, 1);
    private long _used;

    /// <summary>Bytes held now.</summary>
    public long Used => Interlocked.Read(ref _used);

    /// <summary>Whether reading should stop.</summary>
    public bool IsSpent => Used >= _limit;

    /// <summary>Takes bytes for something that is in memory already.</summary>
    public void Charge(int bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Takes bytes if they are there.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= _limit)
            return true;
        Return(bytes);
        return false;
    }

    /// <summary>Gives bytes back and lets those who wait look again.</summary>
    public void Return(int bytes)
    {
        if (Interlocked.Add(ref _used, -bytes) >= _limit)
            return;
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var waiting))
                waiting.TrySetResult();
        }
    }

    /// <summary>Waits until less than the limit is used.</summary>
    public async ValueTask WaitAsync()
    {
        while (IsSpent)
            await NextReturnAsync();
    }

    /// <summary>The right to overdraw, for one at a time; free again when disposed.</summary>
    public async ValueTask<IDisposable> OverdrawAsync()
    {
        await _overdraft.WaitAsync();
        return new Overdraft(_overdraft);
    }

    private Task NextReturnAsync()
    {
        lock (_gate)
        {
            // Looked at again inside the lock: a return in between would otherwise have nobody to wake.
            if (!IsSpent)
                return Task.CompletedTask;
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiting);
            return waiting.Task;
        }
    }

    private sealed class Overdraft(SemaphoreSlim semaphore) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                semaphore.Release();
        }
    }
}
