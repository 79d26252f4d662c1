using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Processes;

namespace Orchestrator.Grains.Sessions.Journal;

/// <summary>
/// Everything about live sessions that becomes durable besides marks: phases, timeline, runs and ends. One write is under way
/// at a time and takes what gathered meanwhile, so a busy process writes in large batches and a quiet one at once. While the
/// database is away entries wait here; ends and runs always, timeline events up to a bound in bytes, tokens up to a larger one.
/// </summary>
public sealed partial class SessionJournal(
    IJournalStore store, ProcessLease lease, SessionRegistry sessions, MarkBook marks, Settlements settlements, TokenCharges tokens,
    SessionMetrics metrics, TimeProvider time, ILogger<SessionJournal> logger)
{
    /// <summary>The most entries in one transaction.</summary>
    public const int MaxBatch = 2_000;

    /// <summary>Timeline events are dropped, and counted, while more than this waits.</summary>
    public const long MaxWaitingBytes = 64 * 1024 * 1024;

    /// <summary>What responses used is dropped, counted and logged, while more than this waits: half a million of them.</summary>
    public const long MaxWaitingBytesOfTokens = 256 * 1024 * 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private List<JournalEntry> _waiting = [];
    private long _waitingBytes;
    private Task _writer = Task.CompletedTask;
    private bool _failing;

    /// <summary>Takes an entry; it is written soon, in its order, and repeated until it is.</summary>
    public void Add(JournalEntry entry) => Add([entry]);

    /// <summary>Takes several entries that belong together.</summary>
    public void Add(IReadOnlyList<JournalEntry> entries)
    {
        lock (_gate)
        {
            foreach (var entry in entries)
            {
                if (entry is TimelineEvent && _waitingBytes > MaxWaitingBytes)
                {
                    metrics.EventDropped();
                    continue;
                }

                if (entry is TokensUsed lost && _waitingBytes > MaxWaitingBytesOfTokens)
                {
                    metrics.EventDropped();
                    LogTokensLost(lost.Ownership.Session.ToString(), lost.Usage.Id);
                    continue;
                }

                _waiting.Add(entry);
                _waitingBytes += entry.Bytes;
            }

            if (_writer.IsCompleted && _waiting.Count > 0)
            {
                _writer = Background.RunAsync(WriteAllAsync);
            }
        }
    }

    /// <summary>Done when nothing waits any more, or when cancelled.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task writer;
            lock (_gate)
                writer = _writer;
            if (writer.IsCompleted)
                return;
            await writer.WaitAsync(cancellationToken);
        }
    }

    private async Task WriteAllAsync()
    {
        while (TryTake(out var batch))
        {
            while (!await TryWriteAsync(batch))
                await Task.Delay(RetryDelay, time);
        }
    }

    private bool TryTake(out List<JournalEntry> batch)
    {
        lock (_gate)
        {
            batch = _waiting;
            if (batch.Count == 0)
            {
                // Ends inside the lock, so that an Add that comes next finds the writer at rest.
                _writer = Task.CompletedTask;
                return false;
            }

            _waiting = [];
            if (batch.Count > MaxBatch)
            {
                _waiting.AddRange(batch.Skip(MaxBatch));
                batch.RemoveRange(MaxBatch, batch.Count - MaxBatch);
            }

            _waitingBytes -= batch.Sum(entry => (long)entry.Bytes);
            return true;
        }
    }

    private async Task<bool> TryWriteAsync(List<JournalEntry> entries)
    {
        foreach (var lost in entries.OfType<SessionEnded>().Where(entry => entry.Ownership.IsLost))
            sessions.Forget(lost.Ownership);
        entries.RemoveAll(entry => entry.Ownership.IsLost && entry is not TokensUsed);
        if (entries.Count == 0)
            return true;

        try
        {
            await WriteAsync(entries);
            Recovered();
            return true;
        }
        catch (Exception exception) when (store.IsPermanent(exception))
        {
            await WriteApartAsync(entries, exception);
            return true;
        }
#pragma warning disable CA1031 // Whatever keeps the batch from being written, it is kept and tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Failed(exception, entries.Count);
            return false;
        }
    }

    private async Task WriteAsync(IReadOnlyList<JournalEntry> entries)
    {
        using var timeout = new CancellationTokenSource(WriteTimeout, time);
        var batch = JournalBatch.Of(entries);
        IReadOnlyList<long?> ids;
        await lease.Epochs.WaitAsync(timeout.Token);
        try
        {
            ids = await store.WriteAsync(lease.Process, batch, timeout.Token);
        }
        finally
        {
            lease.Epochs.Release();
        }

        for (var i = 0; i < batch.Opened.Count; i++)
        {
            var generation = batch.Opened[i].Generation;
            if (ids[i] is not { } id)
                continue;
            generation.Opened(id);
            // What was counted while the row did not exist yet.
            if (generation.MarkMs > 0)
                marks.Enqueue(generation);
        }

        foreach (var closed in batch.Closed.Concat(batch.Ended.SelectMany(ended => ended.Runs)))
            marks.ConfirmClosed(closed.Generation);
        foreach (var ended in batch.Ended)
            sessions.Forget(ended.Ownership);
        foreach (var root in batch.Closed.Concat<JournalEntry>(batch.Ended).Select(entry => entry.Ownership.Root).Distinct())
            settlements.Closed(root);
        foreach (var session in batch.Tokens.Select(used => used.Ownership).Distinct())
            tokens.Recorded(session);
        metrics.Journalled(entries.Count);
    }

    /// <summary>One entry of the batch cannot be written. Session by session, so that it stops only its own session's books.</summary>
    private async Task WriteApartAsync(List<JournalEntry> entries, Exception cause)
    {
        LogBatchRefused(cause, entries.Count);
        foreach (var session in entries.GroupBy(entry => entry.Ownership))
        {
            try
            {
                await WriteAsync([.. session]);
            }
            catch (Exception exception) when (store.IsPermanent(exception))
            {
                metrics.JournalQuarantined();
                LogQuarantined(exception, session.Key.Session.ToString(), string.Join("; ", session));
                if (session.Any(entry => entry is SessionEnded))
                    sessions.Forget(session.Key);
            }
#pragma warning disable CA1031 // Away again: what is left goes back to the front of the queue.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failed(exception, entries.Count);
                PutBack([.. session]);
            }
        }
    }

    private void PutBack(IReadOnlyList<JournalEntry> entries)
    {
        lock (_gate)
        {
            _waiting.InsertRange(0, entries);
            _waitingBytes += entries.Sum(entry => (long)entry.Bytes);
        }
    }

    private void Failed(Exception exception, int entries)
    {
        metrics.JournalFailed();
        if (_failing)
            return;
        _failing = true;
        LogWriteFailed(exception, entries);
    }

    private void Recovered()
    {
        if (!_failing)
            return;
        _failing = false;
        LogRecovered();
    }

    [LoggerMessage(1111, LogLevel.Error, "The journal cannot be written; {Entries} entries are kept and tried again")]
    private partial void LogWriteFailed(Exception exception, int entries);

    [LoggerMessage(1112, LogLevel.Information, "The journal is written again")]
    private partial void LogRecovered();

    [LoggerMessage(1113, LogLevel.Warning, "The database refused a batch of {Entries} entries; each session is now written apart")]
    private partial void LogBatchRefused(Exception exception, int entries);

    [LoggerMessage(1114, LogLevel.Error, "Entries of session {Session} cannot be written and are dropped: {Entries}")]
    private partial void LogQuarantined(Exception exception, string session, string entries);

    [LoggerMessage(1115, LogLevel.Error, "Too much waits for the database: what response {Response} of session {Session} used is not recorded")]
    private partial void LogTokensLost(string session, string response);
}
