using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary><c>POST /v1/billing/meter_events</c> and its sister of v2.</summary>
internal sealed class MeterEvents(StripeBooks books)
{
    private static readonly Meter Nowhere = new("", "", 0, 0) { DisplayName = "" };

    /// <summary>Account, event name and customer: what takes one call at a time. Null when the request names no customer.</summary>
    public static (string Account, string EventName, string Customer)? LaneOf(StripeCall call)
    {
        var eventName = call.Text("event_name")!;
        var key = (call.Account.MeterFor(eventName) ?? Nowhere).CustomerKey;
        return call.Text("payload", key) is { } customer ? (call.Account.Id, eventName, customer) : null;
    }

    public StripeAnswer Create(StripeCall call)
    {
        var (v2, account, now) = (call.Operation.IsV2, call.Account, books.Clock.Now);
        var eventName = call.Text("event_name")!;
        var meter = account.MeterFor(eventName) ?? MakeWhereWanted(account, eventName);
        var (customerKey, valueKey) = ((meter ?? Nowhere).CustomerKey, (meter ?? Nowhere).ValueKey);
        var payload = call.Body["payload"]!.AsObject();
        var (customer, timestamp) = (call.Text("payload", customerKey), TimestampOf(call) ?? now);

        // What a client can know by itself first: it is refused before anything is looked up, and stored under no key.
        var broken = EventRules.CheckPayload(payload.Select(entry => new KeyValuePair<string, string>(entry.Key, entry.Value!.GetValue<string>())))
            ?? EventRules.CheckCustomer(customer, customerKey)
            ?? EventRules.CheckValue(call.Text("payload", valueKey), valueKey, v2, out _)
            ?? EventRules.CheckTimestamp(timestamp, now);
        if (broken is not null)
            return StripeErrors.Violation(call.Operation, broken.Message, v2 ? broken.V2Code : broken.V1Code, broken.Param);

        var identifier = call.Text("identifier") ?? books.NewId("generated");
        if (books.Events.Find(account.Number, identifier) is { } taken && books.Events[taken].ReceivedTicks > (now - StripeBooks.Window).UtcTicks)
            return Duplicate(identifier, v2);

        if (meter is null && books.Settings.UnknownMeters is not UnknownName.Report)
            return StripeErrors.NoMeter(v2);
        if (meter?.DeactivatedAt is not null)
            return StripeErrors.ArchivedMeter(v2);

        var isKnown = account.Customers.ContainsKey(customer!);
        if (!isKnown && books.Settings.UnknownCustomers is UnknownName.Refuse)
            return StripeErrors.NoSuch(call.Operation, "customer", customer!, $"payload[{customerKey}]", status: 400);
        if (books.IsFull)
            return books.Full();
        if (!isKnown && books.Settings.UnknownCustomers is UnknownName.Accept)
            account.Customers.Add(customer!, new(customer!, now.ToUnixTimeSeconds()));

        _ = EventRules.CheckValue(call.Text("payload", valueKey), valueKey, v2, out var value);
        var index = books.Events.Add(
            new()
            {
                Account = account.Number, EventName = books.Names.Of(eventName), Customer = books.Names.Of(customer!),
                Value = value, Timestamp = timestamp.ToUnixTimeSeconds(), ReceivedTicks = now.UtcTicks,
            },
            identifier);
        books.Counts = books.Counts with { Accepted = books.Counts.Accepted + 1 };
        if (meter is null)
            books.Fail(index, "no_meter");
        else if (!isKnown && books.Settings.UnknownCustomers is UnknownName.Report)
            books.Fail(index, "meter_event_customer_not_found");

        return StripeAnswer.Ok(new()
        {
            ["object"] = v2 ? "v2.billing.meter_event" : "billing.meter_event",
            ["created"] = Instant(now, v2),
            ["event_name"] = eventName,
            ["identifier"] = identifier,
            ["livemode"] = false,
            ["payload"] = payload.DeepClone(),
            ["timestamp"] = Instant(timestamp, v2),
        });
    }

    private Meter? MakeWhereWanted(Account account, string eventName) =>
        books.Settings.UnknownMeters is UnknownName.Accept ? books.AddMeter(account, eventName) : null;

    private StripeAnswer Duplicate(string identifier, bool v2)
    {
        books.Counts = books.Counts with { Duplicates = books.Counts.Duplicates + 1 };
        var message = $"An event already exists with identifier {identifier}.";
        var answer = v2 ? StripeErrors.V2(400, "duplicate_meter_event", message) : StripeErrors.Failed(400, message);
        return answer.With("Stripe-Should-Retry", "false");
    }

    private static JsonNode Instant(DateTimeOffset at, bool v2) =>
        v2 ? at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : at.ToUnixTimeSeconds();

    private static DateTimeOffset? TimestampOf(StripeCall call)
    {
        if (call.Text("timestamp") is not { } text)
            return null;
        if (call.Operation.IsV2)
            return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

        // Outside of the calendar is far out of the window as well.
        var seconds = long.Parse(text, CultureInfo.InvariantCulture);
        return DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
    }
}
