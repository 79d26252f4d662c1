namespace Orchestrator.Domain.Billing;

/// <summary>What a payer owes for a row of the ledger or for a response, or a correction of what was exported to it.</summary>
/// <param name="Source">What it comes from.</param>
/// <param name="Id">The row's, response's or entry's number.</param>
/// <param name="RecordedAt">When it was appended.</param>
/// <param name="Units">Seconds, or tokens of the kind that is exported; a correction may be negative.</param>
public sealed record Billable(BillableSource Source, long Id, DateTimeOffset RecordedAt, long Units);

/// <summary>What a billable comes from.</summary>
public enum BillableSource
{
    /// <summary>A row of the ledger.</summary>
    Ledger,
    /// <summary>What one response used.</summary>
    TokenUsage,
    /// <summary>A correction's wallet entry.</summary>
    WalletEntry,
}

/// <summary>Billables that go out as one value, under one instant.</summary>
/// <param name="Items">What it covers.</param>
/// <param name="From">The second in which the first of them was appended: sinks count whole ones.</param>
/// <param name="To">When the last was appended.</param>
/// <param name="Value">Whole units to be sent; 0 when there is nothing to send.</param>
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
        foreach (var next in billables.OrderBy(billable => billable.RecordedAt).ThenBy(billable => billable.Source).ThenBy(billable => billable.Id))
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
            var (value, left) = Net(open.Sum(billable => billable.Units), carried);
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
            > MaxValue => throw new ArgumentOutOfRangeException(nameof(sum), sum, "More than any sink can count."),
            >= 0       => (net, 0),
            _          => (0, net),
        };
    }

    internal static DateTimeOffset SecondOf(DateTimeOffset instant) => new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private static bool Fits(DateTimeOffset first, DateTimeOffset next, TimeSpan window) =>
        next - first <= window && first.UtcDateTime.Date == next.UtcDateTime.Date;
}
