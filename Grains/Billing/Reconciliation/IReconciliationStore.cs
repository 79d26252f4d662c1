using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>A place that a sink counts, as our rows know it.</summary>
/// <param name="Lane">The place.</param>
/// <param name="Kind">Which sink.</param>
/// <param name="Target">One of its targets, which corrections go to.</param>
/// <param name="Address">Where; without its credential.</param>
/// <param name="ProtectedCredential">As it is kept; null for the installation's.</param>
/// <param name="MeterId">Where the sink's count is read; null where it has none to read.</param>
public sealed record CountedLane(MeterLane Lane, SinkKind Kind, Guid Target, SinkAddress Address, string? ProtectedCredential, string? MeterId);

/// <summary>A batch as a reconciliation needs it.</summary>
/// <param name="Id">The batch.</param>
/// <param name="Value">Its seconds.</param>
/// <param name="At">The instant that the sink was told.</param>
/// <param name="IsCertain">Acknowledged before the horizon.</param>
/// <param name="IsPossible">The sink may count it, and need not.</param>
/// <param name="IsUnknown">Of unknown fate, and so long that nothing is under way any more.</param>
public sealed record LaneBatch(Guid Id, long Value, DateTimeOffset At, bool IsCertain, bool IsPossible, bool IsUnknown);

/// <summary>Somebody's wish for a reconciliation.</summary>
/// <param name="Id">The row.</param>
/// <param name="Account">Only this account's targets; null for all.</param>
/// <param name="MeterId">Only this meter; null for all.</param>
/// <param name="Reason">Why.</param>
/// <param name="From">What it is about begins here, if it is known.</param>
/// <param name="To">And ends here.</param>
public sealed record ReconciliationRequest(long Id, string? Account, string? MeterId, string Reason, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>What wanted a run.</summary>
public enum ReconciliationCause
{
    /// <summary>Its time had come.</summary>
    Scheduled,
    /// <summary>A sink's report that does not name all it is about.</summary>
    Request,
    /// <summary>A person.</summary>
    Command,
}

/// <summary>Who wants corrections, and why.</summary>
public sealed record CorrectionOrder(string Actor, string Reason);

/// <summary>Something put right, or why it was not.</summary>
/// <param name="Action">What was done, in words.</param>
/// <param name="IsDone">Whether it was.</param>
/// <param name="Seconds">About how many seconds; of a meter of tokens, how many of its unit.</param>
public sealed record CorrectionResult(string Action, bool IsDone, decimal Seconds);

/// <summary>The rows of a reconciliation. Reading changes nothing; every write is a method of its own.</summary>
public interface IReconciliationStore
{
    /// <summary>The right to reconcile, for one at a time on this database; null when another has it. Disposing gives it back.</summary>
    Task<IAsyncDisposable?> TryLockAsync(CancellationToken cancellationToken);

    /// <summary>The database's clock.</summary>
    Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken);

    /// <summary>Marks against ledger against wallets against batches: everything that our own rows contradict, as of one instant.</summary>
    Task<IReadOnlyList<Finding>> ContradictionsAsync(ReconciliationRange range, CancellationToken cancellationToken);

    /// <summary>What providers claimed against marks and ledger, by model and close reason.</summary>
    Task<IReadOnlyList<ProviderDrift>> DriftAsync(ReconciliationRange range, CancellationToken cancellationToken);

    /// <summary>What we recorded of those sessions of providers'; those we do not know are left out.</summary>
    Task<IReadOnlyList<RecordedSession>> RecordedAsync(IReadOnlyList<string> upstreamSessions, CancellationToken cancellationToken);

    /// <summary>Lanes that had a batch in the range.</summary>
    Task<IReadOnlyList<CountedLane>> LanesAsync(ReconciliationRange range, string? account, string? meter, CancellationToken cancellationToken);

    /// <summary>What a lane's sink should count from day to day; days without a batch are left out.</summary>
    Task<IReadOnlyList<MeterBucket>> DaysAsync(MeterLane lane, DateTimeOffset from, DateTimeOffset to, DateTimeOffset horizon, CancellationToken cancellationToken);

    /// <summary>The batches of a lane in a span of at most a day, oldest first.</summary>
    Task<IReadOnlyList<LaneBatch>> BatchesAsync(MeterLane lane, DateTimeOffset from, DateTimeOffset to, DateTimeOffset horizon, CancellationToken cancellationToken);

    /// <summary>Where the seconds of batches come from, at most <paramref name="limit"/> rows of the ledger for each.</summary>
    Task<ILookup<Guid, FindingSource>> SourcesAsync(IReadOnlyList<Guid> batches, int limit, CancellationToken cancellationToken);

    /// <summary>Which of these differences are put right already.</summary>
    Task<IReadOnlySet<string>> CorrectedAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken);

    /// <summary>When the last run of that cause began.</summary>
    Task<DateTimeOffset?> LastAsync(ReconciliationCause cause, CancellationToken cancellationToken);

    /// <summary>Wishes that sinks have had the time to show, oldest first.</summary>
    Task<IReadOnlyList<ReconciliationRequest>> RequestsAsync(TimeSpan lag, CancellationToken cancellationToken);

    /// <summary>Keeps a run with its findings, and with it that a wish was fulfilled.</summary>
    Task SaveAsync(ReconciliationReport report, ReconciliationCause cause, CorrectionOrder? order, long? request, CancellationToken cancellationToken);
}

/// <summary>What puts differences right: by entries and batches of their own, never by a change of the ledger. Each is safe to repeat.</summary>
public interface IReconciliationCorrections
{
    /// <summary>The sink's count proves that it has a batch of unknown fate: it is sent.</summary>
    Task<CorrectionResult> ConfirmAsync(Guid batch, CorrectionOrder order, CancellationToken cancellationToken);

    /// <summary>The sink's count proves that it does not have a batch: it goes out again, under another identifier.</summary>
    Task<CorrectionResult> ReissueAsync(Guid batch, CorrectionOrder order, CancellationToken cancellationToken);

    /// <summary>
    /// The sink counts too much: the target's next batches are netted by an entry without money. A batch that it took within the
    /// last day is asked back and goes out again for less.
    /// </summary>
    /// <param name="finding">With its key.</param>
    /// <param name="target">Whose batches.</param>
    /// <param name="seconds">How many, of the finding's unit.</param>
    /// <param name="order">Who wants it.</param>
    /// <param name="cancellationToken">Gives up; nothing is done then.</param>
    Task<CorrectionResult> NetAsync(Finding finding, Guid target, long seconds, CorrectionOrder order, CancellationToken cancellationToken);

    /// <summary>
    /// A closed run was billed for too much at every level of its tree: what each was charged beyond the provider's count is given
    /// back to its wallet, and its seconds to where they went.
    /// </summary>
    Task<CorrectionResult> GiveBackAsync(Finding finding, CorrectionOrder order, CancellationToken cancellationToken);
}
