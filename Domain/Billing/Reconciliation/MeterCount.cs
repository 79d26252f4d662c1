namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>Where a sink counts: one customer of one meter.</summary>
/// <param name="Id">Our lane.</param>
/// <param name="Account">Whose meter.</param>
/// <param name="EventName">Which meter.</param>
/// <param name="Customer">Whose usage.</param>
/// <param name="Unit">What the meter counts.</param>
public sealed record MeterLane(long Id, string Account, string EventName, string Customer, UsageUnit Unit = UsageUnit.Seconds);

/// <summary>A batch that the sink acknowledged.</summary>
/// <param name="Id">The batch.</param>
/// <param name="Value">Its seconds.</param>
public readonly record struct SentBatch(Guid Id, long Value);

/// <summary>What a sink should count in a span of time.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Certain">Acknowledged so long ago that the sink must show it.</param>
/// <param name="Possible">What it may show beside: acknowledged a moment ago, under way, asked back, or of unknown fate.</param>
public readonly record struct MeterBucket(DateTimeOffset From, DateTimeOffset To, long Certain, long Possible)
{
    /// <summary>What the sink counts beyond what it may; negative: what it lacks; 0 when it agrees or may still come to.</summary>
    public decimal Difference(decimal counted) =>
        counted < Certain ? counted - Certain
        : counted > Certain + Possible ? counted - Certain - Possible
        : 0;
}

/// <summary>A span of time in which a sink counts something else than it should.</summary>
/// <param name="Lane">Where.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Seconds">Beyond what it may count; negative: what it lacks.</param>
/// <param name="Batches">What it acknowledged for that span.</param>
public sealed record MeterDifference(MeterLane Lane, DateTimeOffset From, DateTimeOffset To, decimal Seconds, IReadOnlyList<SentBatch> Batches)
{
    /// <summary>Whether nothing else could be counted in that span, so that what it lacks is proven.</summary>
    public bool IsExact { get; init; }

    /// <summary>Names it for good; another amount is another difference.</summary>
    public string Key => FormattableString.Invariant($"meter:{Lane.Id}:{From.ToUnixTimeSeconds()}:{To.ToUnixTimeSeconds()}:{Seconds:0.######}");
}

/// <summary>Which batches a sum is made of.</summary>
public static class SentBatches
{
    private const int MaxBatches = 12;

    /// <summary>The one choice of batches that makes that sum; null when there is none, or more than one, or too many to try.</summary>
    public static IReadOnlyList<SentBatch>? Explaining(IReadOnlyList<SentBatch> batches, decimal sum)
    {
        if (batches.Count > MaxBatches)
            return null;
        IReadOnlyList<SentBatch>? found = null;
        for (var choice = 0; choice < 1 << batches.Count; choice++)
        {
            var chosen = batches.Where((_, i) => (choice & (1 << i)) != 0).ToList();
            if (chosen.Sum(batch => batch.Value) != sum)
                continue;
            if (found is not null)
                return null;
            found = chosen;
        }

        return found;
    }

    /// <summary>What a sink's count of a minute proves of the batches in it whose fate is unknown; empty where it leaves that open.</summary>
    /// <param name="certain">What is acknowledged beside.</param>
    /// <param name="unknown">Those whose fate is unknown.</param>
    /// <param name="counted">What the sink counts.</param>
    public static IReadOnlyDictionary<Guid, SinkProof> Prove(long certain, IReadOnlyList<SentBatch> unknown, decimal counted)
    {
        if (Explaining(unknown, counted - certain) is not { } present)
            return new Dictionary<Guid, SinkProof>();
        return unknown.ToDictionary(batch => batch.Id, batch => present.Contains(batch) ? SinkProof.Present : SinkProof.Absent);
    }
}
