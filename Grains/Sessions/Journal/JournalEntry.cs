using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;

namespace Orchestrator.Grains.Sessions.Journal;

/// <summary>Something about one session that is to become durable. Entries of a session are written in the order they came.</summary>
public abstract record JournalEntry(SessionOwnership Ownership)
{
    /// <summary>About how much memory it holds while it waits.</summary>
    public virtual int Bytes => 128;
}

/// <summary>The session's state changed. Only the latest of a batch is written.</summary>
public sealed record StateChanged(SessionOwnership Ownership, SessionState State, string? Dialect) : JournalEntry(Ownership);

/// <summary>An event for the timeline.</summary>
/// <param name="Ownership">The session.</param>
/// <param name="Sequence">Its place.</param>
/// <param name="At">When it happened, by the process's clock.</param>
/// <param name="Kind">Its name.</param>
/// <param name="Phase">The phase from here on, when it changed.</param>
/// <param name="Detail">A JSON object, if there is more to say.</param>
public sealed record TimelineEvent(SessionOwnership Ownership, int Sequence, DateTimeOffset At, string Kind, SessionPhase? Phase, string? Detail)
    : JournalEntry(Ownership)
{
    /// <inheritdoc/>
    public override int Bytes => 160 + 2 * (Detail?.Length ?? 0);
}

/// <summary>A run began: it needs its row and its locked prices.</summary>
public sealed record GenerationOpened(LiveGeneration Generation) : JournalEntry(Generation.Ownership);

/// <summary>A run is over at its mark.</summary>
public sealed record GenerationClosed(LiveGeneration Generation, string Reason, long? ClaimedMs) : JournalEntry(Generation.Ownership);

/// <summary>The session is over: its open runs close at their marks, and its one end is recorded.</summary>
public sealed record SessionEnded(
    SessionOwnership Ownership, int Sequence, DateTimeOffset At, CloseCode Code, SessionState State, IReadOnlyList<GenerationClosed> Runs)
    : JournalEntry(Ownership);

/// <summary>
/// A provider told what one response used. It counts whoever holds the session by then, and whether or not it is over: the
/// response's id makes it count once, and it was used all the same.
/// </summary>
/// <param name="Ownership">The session.</param>
/// <param name="At">When it was told, by the process's clock.</param>
/// <param name="Model">The model that used it; null for the session's own.</param>
/// <param name="Usage">What was used.</param>
public sealed record TokensUsed(SessionOwnership Ownership, DateTimeOffset At, string? Model, TokenUsage Usage) : JournalEntry(Ownership)
{
    /// <inheritdoc/>
    public override int Bytes => 512;
}

/// <summary>Where the journal is written.</summary>
public interface IJournalStore
{
    /// <summary>
    /// Writes the entries in one transaction. Each counts only while its session is held under the entry's epoch and not
    /// ended; the others are passed over, but for tokens, which always count. Safe to repeat: rows are keyed by session and run,
    /// by session and sequence, or by session and response, and a session ends once.
    /// </summary>
    /// <returns>The rows of the runs that were opened, in their order; null for one that was passed over.</returns>
    Task<IReadOnlyList<long?>> WriteAsync(long process, JournalBatch batch, CancellationToken cancellationToken);

    /// <summary>Whether the failure lies in what was written, so that repeating it is no use.</summary>
    bool IsPermanent(Exception exception);
}

/// <summary>Entries to be written together, by kind.</summary>
public sealed record JournalBatch(
    IReadOnlyList<GenerationOpened> Opened,
    IReadOnlyList<StateChanged> States,
    IReadOnlyList<TimelineEvent> Events,
    IReadOnlyList<GenerationClosed> Closed,
    IReadOnlyList<SessionEnded> Ended,
    IReadOnlyList<TokensUsed> Tokens)
{
    /// <summary>Sorts entries by kind and keeps the last state of each session.</summary>
    public static JournalBatch Of(IReadOnlyList<JournalEntry> entries) => new(
        [.. entries.OfType<GenerationOpened>()],
        [.. entries.OfType<StateChanged>().GroupBy(entry => entry.Ownership).Select(group => group.Last())],
        [.. entries.OfType<TimelineEvent>()],
        [.. entries.OfType<GenerationClosed>()],
        [.. entries.OfType<SessionEnded>()],
        [.. entries.OfType<TokensUsed>()]);
}
