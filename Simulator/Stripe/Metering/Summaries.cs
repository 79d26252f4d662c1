using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>
/// <c>GET /v1/billing/meters/{id}/event_summaries</c>: the one way to read what was counted. Start inclusive, end exclusive;
/// what was received less than the lag ago does not show.
/// </summary>
internal sealed class Summaries(StripeBooks books)
{
    private const long Minute = 60;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;

    public StripeAnswer List(StripeCall call)
    {
        if (call.Account.MeterById(call.Id) is not { } meter)
            return StripeErrors.NoSuch(call.Operation, "billing meter", call.Id, "id", status: 404);
        var customer = call.Asked("customer")!;
        if (!call.Account.Customers.ContainsKey(customer))
            return StripeErrors.NoSuch(call.Operation, "customer", customer, "customer", status: 400);

        var (start, end) = (Seconds(call, "start_time"), Seconds(call, "end_time"));
        var window = call.Asked("value_grouping_window") switch { "hour" => Hour, "day" => Day, _ => 0 };
        if (Misaligned(start, end, window) is { } problem)
            return StripeErrors.Violation(call.Operation, problem.Message, param: problem.Param);

        var events = Visible(call.Account, meter, customer, start, end);
        var summaries = window == 0
            ? [Summary(meter, customer, start, end, events)]
            : events.GroupBy(one => one.Timestamp / window).OrderByDescending(group => group.Key)
                .Select(group => Summary(meter, customer, group.Key * window, (group.Key + 1) * window, group)).ToArray();
        return Paging.List(call, $"/v1/billing/meters/{meter.Id}/event_summaries", summaries);
    }

    private static (string Message, string Param)? Misaligned(long start, long end, long window)
    {
        var (step, name) = window switch { Hour => (Hour, "hour"), Day => (Day, "day"), _ => (Minute, "minute") };
        if (start % step != 0)
            return ($"start_time must be aligned with {name} boundaries.", "start_time");
        if (end % step != 0)
            return ($"end_time must be aligned with {name} boundaries.", "end_time");
        return start < end ? null : ("end_time must be after start_time.", "end_time");
    }

    private StoredEvent[] Visible(Account account, Meter meter, string customer, long start, long end)
    {
        var received = (books.Clock.Now - books.Settings.SummaryLag).UtcTicks;
        return books.Events.Lanes.TryGetValue((account.Number, meter.Number, books.Names.Of(customer)), out var lane)
            ? [.. lane.Select(index => books.Events[index]).Where(one => one.Counts && one.Timestamp >= start && one.Timestamp < end && one.ReceivedTicks <= received)]
            : [];
    }

    private static JsonObject Summary(Meter meter, string customer, long start, long end, IEnumerable<StoredEvent> events) => new()
    {
        ["id"] = $"mtrusg_test_{meter.Id[(meter.Id.LastIndexOf('_') + 1)..]}_{customer}_{start}_{end}",
        ["object"] = "billing.meter_event_summary",
        ["aggregated_value"] = Aggregate(meter, events),
        ["end_time"] = end,
        ["livemode"] = false,
        ["meter"] = meter.Id,
        ["start_time"] = start,
    };

    /// <summary>Events come in the order of receipt; where the meter's are pre-aggregated, the last of a window is the only one.</summary>
    private static decimal Aggregate(Meter meter, IEnumerable<StoredEvent> events)
    {
        if (meter.Window is { } window)
            events = events.GroupBy(one => one.Timestamp / (window == "day" ? Day : Hour)).Select(group => group.Last());
        var value = meter.Formula switch
        {
            "count" => events.Count(),
            "last"  => events.OrderBy(one => one.Timestamp).Select(one => one.Value).LastOrDefault(),
            _       => events.Sum(one => one.Value),
        };
        // Without the zeros that a decimal remembers from its text.
        return value / 1.000000000000000000000000000m;
    }

    private static long Seconds(StripeCall call, string name) => long.Parse(call.Asked(name)!, CultureInfo.InvariantCulture);
}
