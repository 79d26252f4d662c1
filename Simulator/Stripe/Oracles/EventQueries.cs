using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Oracles;

/// <summary>Questions about accepted events. Called under the gate of the books.</summary>
internal static class EventQueries
{
    private const long Day = 86_400;

    public static MeterEventView[] Read(StripeBooks books, long after, int most, string? account = null)
    {
        var found = new List<MeterEventView>();
        for (var i = (int)Math.Clamp(after, 0, books.Events.Count); i < books.Events.Count && found.Count < most; i++)
            if (account is null || books.Names[books.Events[i].Account] == account)
                found.Add(View(books, i));
        return [.. found];
    }

    public static MeterEventSum[] Sums(StripeBooks books, bool byDay) =>
    [
        .. books.Events.Lanes.SelectMany(lane => lane.Value.Select(index => books.Events[index]).Where(one => one.Counts)
            .GroupBy(one => byDay ? one.Timestamp / Day : (long?)null)
            .Select(group => new MeterEventSum(
                books.Names[lane.Key.Account], books.Names[lane.Key.Customer], books.Names[lane.Key.EventName],
                group.Key is { } day ? DateOnly.FromDayNumber((int)day + DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) : null,
                group.LongCount(), group.Sum(one => one.Value)))),
    ];

    private static MeterEventView View(StripeBooks books, int index)
    {
        var stored = books.Events[index];
        return new(
            index + 1, books.Names[stored.Account], books.Names[stored.EventName], books.Events.IdentifierOf(index), books.Names[stored.Customer], stored.Value,
            DateTimeOffset.FromUnixTimeSeconds(stored.Timestamp), new(stored.ReceivedTicks, TimeSpan.Zero), stored.Cancelled,
            stored.Failure == 0 ? null : books.Names[stored.Failure]);
    }
}
