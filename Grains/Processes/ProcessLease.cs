using Orchestrator.Domain.Processes;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// Who this process is to the others: the row it renews, and how the database has answered lately. Written by the flush
/// thread, read by everybody.
/// </summary>
public sealed class ProcessLease(IProcessStore store, SessionRegistry sessions, TimeProvider time)
{
    private long _process;
    private long _answeringSince;
    private long _answeredAt;
    private long _renewedAt;
    private volatile bool _isAnswering;

    /// <summary>
    /// Held while rows are written under an epoch, and while epochs change: what is written under one that changed meanwhile
    /// would be passed over, and nobody would know.
    /// </summary>
    internal SemaphoreSlim Epochs { get; } = new(1, 1);

    /// <summary>What people call this process.</summary>
    public string Name { get; } = $"{Environment.MachineName}:{Environment.ProcessId}";

    /// <summary>This life of the process; 0 before it is registered.</summary>
    public long Process => Volatile.Read(ref _process);

    /// <summary>For how long the database has answered every flush, or null when it did not answer the last one.</summary>
    public TimeSpan? AnsweringFor => _isAnswering ? time.GetElapsedTime(Volatile.Read(ref _answeringSince)) : null;

    /// <summary>How long ago the database answered last, or null before the first answer.</summary>
    public TimeSpan? SinceAnswer => Volatile.Read(ref _answeredAt) is var at && at == 0 ? null : time.GetElapsedTime(at);

    /// <summary>
    /// How long ago the last good renewal was begun, or null before the first. By the clock that never steps, and from its start:
    /// the database granted the lease somewhat later, so ours is over by this count before it is by any other.
    /// </summary>
    public TimeSpan? SinceRenewal => Volatile.Read(ref _renewedAt) is var at && at == 0 ? null : time.GetElapsedTime(at);

    /// <summary>What this process tells another one that asks; null while it has no lease.</summary>
    public PeerRenewal? Renewal => SinceRenewal is { } since ? new PeerRenewal(since, AnsweringFor) : null;

    /// <summary>Takes a row of its own. Until then nothing can be claimed.</summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        Volatile.Write(ref _process, await store.RegisterAsync(Name, cancellationToken));
        Answered();
        Renewed(started);
    }

    /// <summary>A renewal that began then was good.</summary>
    internal void Renewed(long started) => Volatile.Write(ref _renewedAt, started);

    /// <summary>The database answered.</summary>
    internal void Answered()
    {
        var now = time.GetTimestamp();
        if (!_isAnswering)
            Volatile.Write(ref _answeringSince, now);
        _isAnswering = true;
        Volatile.Write(ref _answeredAt, now);
    }

    /// <summary>The database did not answer.</summary>
    internal void Missed() => _isAnswering = false;

    /// <summary>
    /// Another process declared this one dead. It goes on under a new life with what it can take back; the rest has been
    /// finished elsewhere, and ends here without touching the books.
    /// </summary>
    /// <returns>How many sessions were taken back, and how many were lost.</returns>
    internal (int Kept, int Lost) Revive()
    {
        Epochs.Wait();
        try
        {
            var started = time.GetTimestamp();
            var (process, held) = store.Reclaim(Process, Name);
            Volatile.Write(ref _process, process);
            // The lease was lost, so what was known about the database's steadiness counts from now.
            _isAnswering = false;
            Answered();
            Renewed(started);
            return sessions.Reclaim(held);
        }
        finally
        {
            Epochs.Release();
        }
    }

    /// <summary>Lets go of the lease at an orderly end.</summary>
    internal Task RetireAsync(CancellationToken cancellationToken) =>
        Process == 0 ? Task.CompletedTask : store.RetireAsync(Process, cancellationToken);

    /// <summary>Whether this process may declare others dead.</summary>
    internal bool MayDeclareDead => LeaseRule.MayDeclareDead(AnsweringFor);
}
