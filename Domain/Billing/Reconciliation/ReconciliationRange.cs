namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>What a reconciliation looks at: as far back as sinks take usage, and no nearer than they are sure to show it.</summary>
/// <param name="From">A midnight in UTC.</param>
/// <param name="To">Whole hours: the horizon. What is acknowledged after it need not show yet.</param>
public readonly record struct ReconciliationRange(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>How far back sinks take usage.</summary>
    public static readonly TimeSpan Reach = TimeSpan.FromDays(35);

    /// <summary>The whole range at that instant.</summary>
    /// <param name="now">The database's clock.</param>
    /// <param name="lag">How long a sink may take to show what it has.</param>
    public static ReconciliationRange At(DateTimeOffset now, TimeSpan lag) => new(Midnight(now - Reach), Cut(now - lag, TimeSpan.TicksPerHour));

    /// <summary>The part of it that holds what was told between these instants; whole days, for it may be about any second of them.</summary>
    public ReconciliationRange Within(DateTimeOffset? from, DateTimeOffset? to)
    {
        var begin = from is { } since ? Midnight(since - TimeSpan.FromDays(1)) : From;
        var end = to is { } until ? Midnight(until) + TimeSpan.FromDays(1) : To;
        begin = begin > From ? begin : From;
        end = end < To ? end : To;
        return new(begin, end > begin ? end : begin);
    }

    /// <summary>The midnight up to which all days are whole.</summary>
    public DateTimeOffset LastMidnight => Midnight(To) is var midnight && midnight > From ? midnight : From;

    private static DateTimeOffset Midnight(DateTimeOffset instant) => Cut(instant, TimeSpan.TicksPerDay);

    private static DateTimeOffset Cut(DateTimeOffset instant, long ticks) => new(instant.UtcTicks - instant.UtcTicks % ticks, TimeSpan.Zero);
}

/// <summary>When the scheduled run is due.</summary>
public static class ReconciliationSchedule
{
    /// <summary>Whether it is, in some process: rows decide which.</summary>
    /// <param name="now">The database's clock.</param>
    /// <param name="last">When the last one began; null for never.</param>
    /// <param name="interval">How often.</param>
    /// <param name="notBefore">The time of day in UTC before which none begins; it counts for intervals of a day and more.</param>
    public static bool IsDue(DateTimeOffset now, DateTimeOffset? last, TimeSpan interval, TimeSpan notBefore)
    {
        if (interval < TimeSpan.FromDays(1))
            return last is not { } before || now - before >= interval;
        if (now.UtcDateTime.TimeOfDay < notBefore)
            return false;
        // By days and not by spans, or each run would be a little later than the one before.
        return last is not { } began || (now.UtcDateTime.Date - began.UtcDateTime.Date).Days >= (int)interval.TotalDays;
    }
}
