using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>What the sink's own count proves of a batch.</summary>
public enum SinkProof
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>It counts the batch.</summary>
    Present,
    /// <summary>It does not count the batch, and will not.</summary>
    Absent,
}

/// <summary>Where what a finding is about comes from.</summary>
/// <param name="Session">The session.</param>
/// <param name="Ledger">The row of the ledger.</param>
/// <param name="Event">The batch.</param>
/// <param name="Amount">How many of the finding's unit; those of all sources may be more than the finding is about when nobody can say which of them it is.</param>
public sealed record FindingSource(SessionId? Session = null, long? Ledger = null, Guid? Event = null, decimal Amount = 0);

/// <summary>Seconds, tokens or money that two counts do not agree on.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Amount">How many of its unit, without a sign.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record Finding(FindingKind Kind, decimal Amount, string Reason)
{
    /// <summary>What is counted.</summary>
    public UsageUnit Unit { get; init; }

    /// <summary>Names the difference for good, so that it is corrected once; null where nothing corrects it.</summary>
    public string? Key { get; init; }

    /// <summary>Whose it is.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>The export target.</summary>
    public Guid? Target { get; init; }

    /// <summary>What the sink calls the one who used it.</summary>
    public string? Customer { get; init; }

    /// <summary>The start of the time that it is about, as the sink was told it.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Its end.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How much money, in millionths; 0 where it is about seconds or tokens.</summary>
    public long Micros { get; init; }

    /// <summary>The run, where it is about one.</summary>
    public long? Generation { get; init; }

    /// <summary>What the run should have been, where the provider says so.</summary>
    public long? ProviderMs { get; init; }

    /// <summary>Sessions, ledger rows and batches.</summary>
    public IReadOnlyList<FindingSource> Sources { get; init; } = [];

    /// <summary>What the sink's own count proves of the batches among the sources.</summary>
    public SinkProof Proof { get; init; }

    /// <summary>The counted place that has too much, where it is to be netted.</summary>
    public MeterDifference? TooMuch { get; init; }

    /// <summary>The batches among the sources.</summary>
    public IEnumerable<Guid> Events => Sources.Where(source => source.Event is not null).Select(source => source.Event!.Value).Distinct();
}
