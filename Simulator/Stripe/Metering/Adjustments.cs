using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary><c>POST /v1/billing/meter_event_adjustments</c> and its sister of v2: cancels one event within 24 hours of its receipt.</summary>
internal sealed class Adjustments(StripeBooks books)
{
    public StripeAnswer Create(StripeCall call)
    {
        var v2 = call.Operation.IsV2;
        if (call.Text("cancel", "identifier") is not { } identifier)
            return StripeErrors.Violation(call.Operation, "Missing required param: cancel[identifier].", "parameter_missing", "cancel[identifier]");

        var (eventName, now) = (call.Text("event_name")!, books.Clock.Now);
        if (call.Account.MeterFor(eventName) is null)
            return StripeErrors.NoMeter(v2);
        if (books.Events.Find(call.Account.Number, identifier) is not { } index || books.Names[books.Events[index].EventName] != eventName)
            return Refused($"No event found with identifier {identifier}.");

        ref var stored = ref books.Events[index];
        if (stored.ReceivedTicks <= (now - StripeBooks.Window).UtcTicks)
            return Refused($"The event with identifier {identifier} was received more than 24 hours ago and cannot be cancelled.");
        if (stored.Cancelled)
            return Refused($"The event with identifier {identifier} is already cancelled.");

        stored.Cancelled = true;
        books.Counts = books.Counts with { Cancelled = books.Counts.Cancelled + 1 };
        var body = new JsonObject
        {
            ["object"] = v2 ? "v2.billing.meter_event_adjustment" : "billing.meter_event_adjustment",
            ["cancel"] = new JsonObject { ["identifier"] = identifier },
            ["event_name"] = eventName,
            ["livemode"] = false,
            ["status"] = "pending",
            ["type"] = "cancel",
        };
        if (v2)
            (body["id"], body["created"]) = (books.NewId("mtrevtadj_test"), now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        return StripeAnswer.Ok(body);

        StripeAnswer Refused(string message) =>
            v2 ? StripeErrors.V2(400, "invalid_cancel_configuration", message) : StripeErrors.Failed(400, message, param: "cancel[identifier]");
    }
}
