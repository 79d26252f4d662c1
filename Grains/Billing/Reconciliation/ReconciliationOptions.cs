using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>When and how counts are compared. Section <c>Reconciliation</c>; a wrong value stops the process at its start.</summary>
public sealed class ReconciliationOptions
{
    /// <summary>How often all is compared. Default: every day, at the first turn after <see cref="NotBefore"/>.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "35.00:00:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The time of day in UTC before which no daily run begins. Default: 03:00, when the day before is complete.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "23:59:59")] public TimeSpan NotBefore { get; init; } = TimeSpan.FromHours(3);

    /// <summary>How long a sink may take to show what it has. Stripe promises nothing. Default: 2 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan Lag { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Requests of one run to sinks at most; what is beyond it is said and left to the next run. Default: 5,000.</summary>
    [Range(10, 1_000_000)] public int MaxReads { get; init; } = 5_000;
}
