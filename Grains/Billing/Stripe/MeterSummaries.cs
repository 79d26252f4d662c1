using System.Globalization;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>How a summary divides its time.</summary>
public enum SummaryWindow
{
    /// <summary>Not at all; bounds are whole minutes.</summary>
    Whole,

    /// <summary>By hours; bounds are whole hours.</summary>
    Hour,

    /// <summary>By days of UTC; bounds are midnights.</summary>
    Day,
}

/// <summary>What Stripe counted for a customer of a meter in [From, To).</summary>
/// <param name="Meter">The meter's id.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Window">How it is divided.</param>
public sealed record SummaryQuery(string Meter, string Customer, DateTimeOffset From, DateTimeOffset To, SummaryWindow Window = SummaryWindow.Whole)
{
    /// <summary>What Stripe would refuse, as a sentence; null when all is well.</summary>
    public string? Flaw()
    {
        var unit = Window switch { SummaryWindow.Hour => TimeSpan.FromHours(1), SummaryWindow.Day => TimeSpan.FromDays(1), _ => TimeSpan.FromMinutes(1) };
        if (From >= To)
            return "The summary must end after it begins.";
        if (From.UtcTicks % unit.Ticks != 0 || To.UtcTicks % unit.Ticks != 0)
            return $"The bounds of a summary must be whole multiples of {unit}, in UTC.";
        return Meter.Length == 0 || Customer.Length == 0 ? "The summary must name a meter and a customer." : null;
    }

    /// <summary>The query of one page, in the order of Stripe's own client.</summary>
    internal IEnumerable<(string Name, string? Value)> Page(string? after) =>
    [
        ("customer", Customer),
        ("end_time", Unix(To)),
        ("start_time", Unix(From)),
        ("value_grouping_window", Window == SummaryWindow.Whole ? null : Window.ToString().ToLowerInvariant()),
        ("limit", "100"),
        ("starting_after", after),
    ];

    private static string Unix(DateTimeOffset instant) => instant.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}

/// <summary>One summary.</summary>
/// <param name="Id">Stripe's id of it.</param>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
/// <param name="Value">What was counted; may be a fraction, for others write to the meter too.</param>
public sealed record MeterSummary(string Id, DateTimeOffset From, DateTimeOffset To, decimal Value);

/// <summary>What was read, or why it was not.</summary>
/// <param name="Outcome">Accepted when the value is there.</param>
/// <param name="Value">All of it; null unless accepted.</param>
public sealed record StripeReading<T>(StripeOutcome Outcome, T? Value) where T : class;
