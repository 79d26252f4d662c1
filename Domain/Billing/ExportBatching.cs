namespace Orchestrator.Domain.Billing;

/// <summary>A row of the ledger at the price of one payer, or a correction of seconds that were exported to it.</summary>
/// <param name="LedgerId">The row; null for a correction.</param>
/// <param name="EntryId">The correction's wallet entry; null for a row.</param>
/// <param name="RecordedAt">When it was appended.</param>
/// <param name="Seconds">What the payer owes for it; a correction may be negative.</param>
public sealed record Billable(long? LedgerId, long? EntryId, DateTimeOffset RecordedAt, long Seconds);

/// <summary>Billables that go out as one value, under one instant.</summary>
/// <param name="Items">What it covers.</param>
/// <param name="From">The second in which the first of them was appended: sinks count whole ones.</param>
/// <param name="To">When the last was appended.</param>
/// <param name="Value">Whole seconds to be sent; 0 when there is nothing to send.</param>
public sealed record ExportBatch(IReadOnlyList<Billable> Items, DateTimeOffset From, DateTimeOffset To, long Value)
{
    /// <summary>The instant that the sink is told: the last second covered.</summary>
    public DateTimeOffset At => ExportBatching.SecondOf(To);
}

/// <summary>
/// How billables become batches. Every one is in exactly one batch; a batch stays within a window and within one UTC day, where
/// sinks begin a new period; what corrections take back beyond a batch is carried to the next, for no sink is told a negative.
/// </summary>
public static class ExportBatching
{
    /// <summary>The most that a value may be: fifteen digits are exact everywhere.</summary>
    public const long MaxValue = 999_999_999_999_999;

    /// <summary>Batches in order of time, and what is still to be taken back after the last: 0 or below.</summary>
    /// <param name="billables">In any order.</param>
    /// <param name="carried">What was still to be taken back before: 0 or below.</param>
    /// <param name="window">The longest that a batch may cover.</param>
    public static (IReadOnlyList<ExportBatch> Batches, long Carried) Of(IEnumerable<Billable> billables, long carried, TimeSpan window)
    {
        var batches = new List<ExportBatch>();
        var open = new List<Billable>();
        foreach (var next in billables.OrderBy(billable => billable.RecordedAt).ThenBy(billable => billable.LedgerId).ThenBy(billable => billable.EntryId))
        {
            if (open.Count > 0 && !Fits(open[0].RecordedAt, next.RecordedAt, window))
                Close();
            open.Add(next);
        }

        Close();
        return (batches, carried);

        void Close()
        {
            if (open.Count == 0)
                return;
            var (value, left) = Net(open.Sum(billable => billable.Seconds), carried);
            carried = left;
            batches.Add(new ExportBatch([.. open], SecondOf(open[0].RecordedAt), open[^1].RecordedAt, value));
            open.Clear();
        }
    }

    /// <summary>What of a sum is sent when that much is still to be taken back, and what is left to be taken back.</summary>
    public static (long Value, long Carried) Net(long sum, long carried)
    {
        var net = checked(sum + carried);
        return net switch
        {
            > MaxValue => throw new ArgumentOutOfRangeException(nameof(sum), sum, "More seconds than any sink can count."),
            >= 0       => (net, 0),
            _          => (0, net),
        };
    }

    internal static DateTimeOffset SecondOf(DateTimeOffset instant) => new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private static bool Fits(DateTimeOffset first, DateTimeOffset next, TimeSpan window) =>
        next - first <= window && first.UtcDateTime.Date == next.UtcDateTime.Date;
}
