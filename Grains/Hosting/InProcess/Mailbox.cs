namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>
/// Runs posted items one at a time, each to its end, on the pool and outside the poster's execution context. Waiting items
/// are an intrusive list, so that an idle mailbox costs nothing but its fields.
/// </summary>
internal abstract class Mailbox : IThreadPoolWorkItem
{
    // One lock per mailbox, held for a few instructions; never while an item runs.
    private readonly Lock _gate = new();
    private MailboxItem? _first;
    private MailboxItem? _last;
    private bool _running;
    private bool _closed;

    /// <summary>Takes the item, or answers false when the mailbox was closed for good.</summary>
    public bool TryPost(MailboxItem item)
    {
        lock (_gate)
        {
            if (_closed)
                return false;

            if (_last is null)
                _first = item;
            else
                _last.Next = item;
            _last = item;

            if (_running)
                return true;
            _running = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAllAsync();

    private async Task RunAllAsync()
    {
        while (true)
        {
            while (TryTake(out var item))
                await RunAsync(item);

            await OnIdleAsync();

            if (!TryRest())
                continue;
            return;
        }
    }

    /// <summary>Runs one item; it may not throw.</summary>
    protected abstract Task RunAsync(MailboxItem item);

    /// <summary>Called when nothing waits; still counts as running, so nothing else runs meanwhile.</summary>
    protected virtual Task OnIdleAsync() => Task.CompletedTask;

    /// <summary>Called as the mailbox comes to rest, with no post in between: true when it has no further use and refuses posts from now on.</summary>
    protected virtual bool TryFinish() => false;

    /// <summary>Refuses posts from now on. What waits already still runs.</summary>
    protected void Close()
    {
        lock (_gate)
            _closed = true;
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MailboxItem? item)
    {
        lock (_gate)
        {
            item = _first;
            if (item is null)
                return false;

            _first = item.Next;
            if (_first is null)
                _last = null;
            item.Next = null;
            return true;
        }
    }

    private bool TryRest()
    {
        lock (_gate)
        {
            if (_first is not null)
                return false;

            _running = false;
            _closed |= TryFinish();
            return true;
        }
    }
}

/// <summary>Something to run in a mailbox.</summary>
internal abstract class MailboxItem
{
    /// <summary>The next in line; the mailbox's own.</summary>
    internal MailboxItem? Next { get; set; }

    /// <summary>The calls that wait for this one, itself included; kept in strict mode only.</summary>
    internal CallChain? Chain { get; set; }

    /// <summary>Runs against the target. A failure is the item's own to report; it may not throw.</summary>
    public abstract Task RunAsync(object target);

    /// <summary>Reports that there is no target to run against.</summary>
    public abstract void Fail(Exception exception);
}
