using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// One run while this process meters it. The relay's pump is the only writer of the mark; the flush reads it and tells what
/// is durable. All times are the process's own clock.
/// </summary>
public sealed class LiveGeneration(SessionOwnership ownership, int run, string? upstream, DateTimeOffset startedAt)
{
    private long _id;
    private long _markMs;
    private long _durableMs;
    private int _isDirty;
    private volatile bool _isClosed;

    /// <summary>Whose run it is, and the epoch it is written under.</summary>
    public SessionOwnership Ownership => ownership;

    /// <summary>Its ordinal in the session.</summary>
    public int Run => run;

    /// <summary>The provider's id of the session when the run began.</summary>
    public string? Upstream => upstream;

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt => startedAt;

    /// <summary>Its row, or null until the journal has written it.</summary>
    public long? Id => Volatile.Read(ref _id) is var id && id == 0 ? null : id;

    /// <summary>The mark.</summary>
    public long MarkMs => Volatile.Read(ref _markMs);

    /// <summary>When the mark rose last, or the run began, by the process's monotonic clock.</summary>
    public long RaisedAt { get; internal set; }

    /// <summary>By how much it went beyond what was authorised while nobody could be asked.</summary>
    public long BlindMs { get; internal set; }

    /// <summary>As much of the mark as is known to be durable.</summary>
    public long DurableMs => Volatile.Read(ref _durableMs);

    /// <summary>Nothing raises the mark any more; its last value travels with the close.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>When it was last settled, by the process's monotonic clock.</summary>
    internal long SettledAt { get; set; }

    /// <summary>As much of the mark as was settled last.</summary>
    internal long SettledMs { get; set; }

    /// <summary>The row exists.</summary>
    public void Opened(long id) => Volatile.Write(ref _id, id);

    /// <summary>The mark rose. Called by one thread at a time, with a value that is never less.</summary>
    internal void Raise(long markMs) => Volatile.Write(ref _markMs, markMs);

    /// <summary>The run is over.</summary>
    internal void Close() => _isClosed = true;

    /// <summary>At least this much is durable.</summary>
    internal void Made(long durableMs)
    {
        if (durableMs > DurableMs)
            Volatile.Write(ref _durableMs, durableMs);
    }

    /// <summary>True for the one caller that finds it clean and has to queue it.</summary>
    internal bool TryDirty() => Interlocked.Exchange(ref _isDirty, 1) == 0;

    /// <summary>From here on a raise queues it again. Called before the mark is read.</summary>
    internal void Clean() => Interlocked.Exchange(ref _isDirty, 0);
}
