using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>What the sinks' own counts came to.</summary>
public sealed record MeterFindings(IReadOnlyList<Finding> Findings, int Counted, int Uncounted, int Reads, int Corrected)
{
    /// <summary>What the counts prove of batches of unknown fate.</summary>
    public IReadOnlyDictionary<Guid, SinkProof> Proofs { get; init; } = new Dictionary<Guid, SinkProof>();

    /// <summary>Where corrections of a lane go.</summary>
    public IReadOnlyDictionary<long, Guid> Targets { get; init; } = new Dictionary<long, Guid>();
}

/// <summary>
/// Acknowledged batches against what sinks count: whole days first, for reading costs requests; the hours of a day that differs;
/// the minutes of batches in an hour that lacks something, which is as near as a count comes to naming a batch.
/// </summary>
public sealed class MeterReconciler(
    IReconciliationStore store, IEnumerable<IUsageCount> counts, ISecretBox secrets, IOptions<ReconciliationOptions> options)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<SinkKind, IUsageCount> _counts = counts.ToDictionary(count => count.Kind);

    /// <summary>Compares every lane that had a batch in the range.</summary>
    public async Task<MeterFindings> CompareAsync(ReconciliationRange range, string? account, string? meter, CancellationToken cancellationToken)
    {
        var lanes = await store.LanesAsync(range, account, meter, cancellationToken);
        var run = new Run(range, options.Value.MaxReads, cancellationToken);
        var counted = 0;
        foreach (var lane in lanes)
        {
            if (lane.MeterId is null || !_counts.TryGetValue(lane.Kind, out var count))
                continue;
            counted++;
            try
            {
                await LaneAsync(run, lane, count);
            }
            catch (UnreadException unread)
            {
                run.Findings.Add(new Finding(FindingKind.Unread, 0, $"the sink's count of meter {lane.MeterId} could not be read: {unread.Message}")
                {
                    Unit = lane.Lane.Unit, Target = lane.Target, Customer = lane.Lane.Customer, From = range.From, To = range.To,
                });
            }
        }

        var known = await store.CorrectedAsync([.. run.Differences.Where(one => one.Seconds > 0).Select(one => one.Key)], cancellationToken);
        run.Findings.AddRange(MeterMatching.Of(run.Differences.Where(one => !known.Contains(one.Key))));
        var targets = lanes.ToDictionary(lane => lane.Lane.Id, lane => lane.Target);
        return new MeterFindings(run.Findings, counted, lanes.Count - counted, run.Reads, known.Count) { Proofs = run.Proofs, Targets = targets };
    }

    private async Task LaneAsync(Run run, CountedLane lane, IUsageCount count)
    {
        var (from, to) = (run.Range.From, run.Range.LastMidnight);
        if (from < to)
        {
            var days = (await store.DaysAsync(lane.Lane, from, to, run.Range.To, run.Stop)).ToDictionary(day => day.From);
            var seen = (await ReadAsync(run, lane, count, from, to, Day)).ToDictionary(window => window.From, window => window.Seconds);
            foreach (var day in days.Keys.Union(seen.Keys).Order())
            {
                var bucket = days.GetValueOrDefault(day, new MeterBucket(day, day + Day, 0, 0));
                // What may be there or not hides nothing that is wrong only where each hour is looked at.
                if (bucket.Difference(seen.GetValueOrDefault(day)) != 0 || bucket.Possible > 0)
                    await HoursAsync(run, lane, count, day, day + Day);
            }
        }

        // The last day is not whole before the horizon.
        var begun = to > from ? to : from;
        if (begun < run.Range.To)
            await HoursAsync(run, lane, count, begun, run.Range.To);
    }

    private async Task HoursAsync(Run run, CountedLane lane, IUsageCount count, DateTimeOffset from, DateTimeOffset to)
    {
        var batches = await store.BatchesAsync(lane.Lane, from, to, run.Range.To, run.Stop);
        var hours = batches.ToLookup(batch => Cut(batch.At, Hour));
        var seen = (await ReadAsync(run, lane, count, from, to, Hour)).ToDictionary(window => window.From, window => window.Seconds);
        foreach (var hour in hours.Select(one => one.Key).Union(seen.Keys).Order())
        {
            var there = await ProvenAsync(run, lane, count, [.. hours[hour]]);
            var difference = BucketOf(hour, hour + Hour, there).Difference(seen.GetValueOrDefault(hour));
            if (difference < 0)
                difference -= await MinutesAsync(run, lane, count, there, difference);
            if (difference != 0)
                run.Differences.Add(new MeterDifference(lane.Lane, hour, hour + Hour, difference, Certain(there)));
        }
    }

    /// <summary>Looks at the minutes in which batches of unknown fate are: what is proven of them is unknown no more.</summary>
    private async Task<List<LaneBatch>> ProvenAsync(Run run, CountedLane lane, IUsageCount count, List<LaneBatch> batches)
    {
        foreach (var minute in batches.GroupBy(batch => Cut(batch.At, Minute)).Where(minute => minute.Any(batch => batch.IsUnknown)))
        {
            var there = minute.ToList();
            var bucket = BucketOf(minute.Key, minute.Key + Minute, there);
            var unknown = there.FindAll(batch => batch.IsUnknown).ConvertAll(batch => new SentBatch(batch.Id, batch.Value));
            if (bucket.Possible != unknown.Sum(batch => batch.Value))
                continue;
            foreach (var (batch, proof) in SentBatches.Prove(bucket.Certain, unknown, await MinuteAsync(run, lane, count, minute.Key)))
                run.Proofs[batch] = proof;
        }

        return batches.ConvertAll(batch => run.Proofs.TryGetValue(batch.Id, out var proof)
            ? batch with { IsCertain = proof is SinkProof.Present, IsPossible = false, IsUnknown = false }
            : batch);
    }

    /// <summary>Looks at the minutes in which batches are; answers how much of what the hour lacks they explain.</summary>
    private async Task<decimal> MinutesAsync(Run run, CountedLane lane, IUsageCount count, List<LaneBatch> batches, decimal difference)
    {
        var explained = 0m;
        foreach (var minute in batches.GroupBy(batch => Cut(batch.At, Minute)))
        {
            if (explained <= difference)
                break;
            var there = minute.ToList();
            var bucket = BucketOf(minute.Key, minute.Key + Minute, there);
            if (bucket.Difference(await MinuteAsync(run, lane, count, minute.Key)) is not (< 0 and var lacking))
                continue;
            explained += lacking;
            run.Differences.Add(new MeterDifference(lane.Lane, bucket.From, bucket.To, lacking, Certain(there)) { IsExact = bucket.Possible == 0 });
        }

        return explained;
    }

    private async Task<decimal> MinuteAsync(Run run, CountedLane lane, IUsageCount count, DateTimeOffset minute) =>
        (await ReadAsync(run, lane, count, minute, minute + Minute, Minute)).Sum(window => window.Seconds);

    private async Task<IReadOnlyList<CountedWindow>> ReadAsync(Run run, CountedLane lane, IUsageCount count, DateTimeOffset from, DateTimeOffset to, TimeSpan window)
    {
        if (run.Reads >= run.MaxReads)
            throw new UnreadException($"more than {run.MaxReads} requests would be needed (Reconciliation:MaxReads)");
        run.Reads++;
        var address = lane.Address;
        if (lane.ProtectedCredential is { } stored)
            address = address with { Credential = secrets.Unprotect(stored) ?? throw new UnreadException("the credential cannot be opened") };
        var reading = await count.CountAsync(address, lane.MeterId!, from, to, window, run.Stop);
        return reading.Windows ?? throw new UnreadException(reading.Flaw ?? "no answer");
    }

    private static MeterBucket BucketOf(DateTimeOffset from, DateTimeOffset to, List<LaneBatch> batches) =>
        new(from, to, batches.Where(batch => batch.IsCertain).Sum(batch => batch.Value), batches.Where(batch => batch.IsPossible).Sum(batch => batch.Value));

    private static IReadOnlyList<SentBatch> Certain(List<LaneBatch> batches) =>
        [.. batches.Where(batch => batch.IsCertain).Select(batch => new SentBatch(batch.Id, batch.Value))];

    private static DateTimeOffset Cut(DateTimeOffset instant, TimeSpan unit) => new(instant.UtcTicks - instant.UtcTicks % unit.Ticks, TimeSpan.Zero);

    private sealed class Run(ReconciliationRange range, int maxReads, CancellationToken stop)
    {
        public ReconciliationRange Range { get; } = range;
        public int MaxReads { get; } = maxReads;
        public CancellationToken Stop { get; } = stop;
        public int Reads { get; set; }
        public List<MeterDifference> Differences { get; } = [];
        public List<Finding> Findings { get; } = [];
        public Dictionary<Guid, SinkProof> Proofs { get; } = [];
    }

    private sealed class UnreadException(string message) : Exception(message);
}
