using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// Step 7: every 500 ms all dirty marks of the process become durable in one statement that also renews its lease. A thread
/// of its own, so that neither a crowded pool nor a slow neighbour delays it. Whoever waits for a mark makes it flush
/// sooner, after 20 ms in which others may join.
/// </summary>
public sealed partial class MarkFlusher(
    MarkBook book, IMarkStore store, ProcessLease lease, SessionRegistry sessions, BillingMetrics metrics, TimeProvider time, ILogger<MarkFlusher> logger)
    : IDisposable
{
    /// <summary>How often marks become durable. Half of what may be lost, so that one missed flush loses nothing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an urgent flush waits for company.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a flush that hangs may keep a process that is gone otherwise.</summary>
    private static readonly TimeSpan LastPatience = TimeSpan.FromMilliseconds(100);

    private readonly ManualResetEvent _stop = new(initialState: false);
    private Thread? _thread;
    private bool _failing;

    /// <summary>Begins to flush.</summary>
    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "mark flush" };
        _thread.Start();
    }

    /// <summary>Flushes a last time and ends the thread, as far as that takes no longer than the caller has. Safe to repeat.</summary>
    /// <returns>Whether the thread is gone; a flush that hangs may hold it.</returns>
    public bool Stop(TimeSpan patience)
    {
        _stop.Set();
        return _thread?.Join(patience) ?? true;
    }

    /// <summary>One flush. A failure leaves the marks queued.</summary>
    internal void FlushOnce()
    {
        var taken = book.Take();
        var started = time.GetTimestamp();
        try
        {
            var outcome = store.Flush(lease.Process, taken.Marks);
            lease.Answered();
            metrics.Flushed(taken.Marks.Count, time.GetElapsedTime(started));
            Recovered();
            if (outcome.LeaseHeld)
            {
                lease.Renewed(started);
                Settle(taken, outcome);
            }
            else
            {
                Revive(taken);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong, this thread goes on recording everybody's seconds.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lease.Missed();
            book.Return(taken);
            metrics.FlushFailed();
            Failed(exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A thread that hangs in its flush still looks at the signal when it comes back.
        if (Stop(LastPatience))
            _stop.Dispose();
    }

    private void Run()
    {
        WaitHandle[] signals = [_stop, book.Urgent];
        var due = time.GetTimestamp();
        while (true)
        {
            var wait = Interval - time.GetElapsedTime(due);
            var signal = wait > TimeSpan.Zero ? WaitHandle.WaitAny(signals, wait) : WaitHandle.WaitTimeout;
            var stopping = signal == 0 || (signal == 1 && _stop.WaitOne(Gather));
            due = time.GetTimestamp();
            FlushOnce();
            if (stopping)
                return;
        }
    }

    private void Settle(TakenMarks taken, FlushOutcome outcome)
    {
        book.Confirm(taken);
        if (outcome.Raised == taken.Marks.Count)
            return;

        // Fewer met their row than were sent: another process took some, or they were closed a moment ago.
        var gone = store.FindTaken(taken.Marks);
        for (var i = 0; i < taken.Marks.Count; i++)
        {
            if (gone.Contains(taken.Marks.Ids[i]))
                sessions.Lose(taken.Generations[i].Ownership.Session);
        }
    }

    private void Revive(TakenMarks taken)
    {
        var (kept, lost) = lease.Revive();
        LogRevived(lease.Process, kept, lost);
        metrics.LeaseLost();
        book.Return(taken);
    }

    private void Failed(Exception exception)
    {
        if (_failing)
            return;
        _failing = true;
        LogFlushFailed(exception);
    }

    private void Recovered()
    {
        if (!_failing)
            return;
        _failing = false;
        LogFlushRecovered();
    }

    [LoggerMessage(1201, LogLevel.Error, "Marks cannot be made durable; they are kept and tried again every half second")]
    private partial void LogFlushFailed(Exception exception);

    [LoggerMessage(1202, LogLevel.Information, "Marks are durable again")]
    private partial void LogFlushRecovered();

    [LoggerMessage(1203, LogLevel.Warning, "This process was declared dead and goes on as {Process}: {Kept} sessions taken back, {Lost} lost")]
    private partial void LogRevived(long process, int kept, int lost);
}
