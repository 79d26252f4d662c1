using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>The meters and customers of an account.</summary>
internal sealed class Meters(StripeBooks books)
{
    public StripeAnswer Create(StripeCall call)
    {
        var eventName = call.Text("event_name")!;
        // Also that of a deactivated one: a name belongs to one meter for ever.
        if (call.Account.MeterFor(eventName) is not null)
            return StripeErrors.Failed(400, $"A meter with the event name '{eventName}' already exists.", param: "event_name");

        return StripeAnswer.Ok(books.AddMeter(
            call.Account, eventName, call.Text("display_name"), call.Text("default_aggregation", "formula")!, call.Text("event_time_window"),
            call.Text("customer_mapping", "event_payload_key") ?? "stripe_customer_id", call.Text("value_settings", "event_payload_key") ?? "value").ToWire());
    }

    public static StripeAnswer List(StripeCall call)
    {
        var meters = call.Account.Meters.AsEnumerable().Reverse();
        if (call.Asked("status") is { } status)
            meters = meters.Where(meter => meter.DeactivatedAt is null == (status == "active"));
        return Paging.List(call, "/v1/billing/meters", [.. meters.Select(meter => meter.ToWire())]);
    }

    public StripeAnswer Show(StripeCall call) => On(call, _ => { });

    public StripeAnswer Rename(StripeCall call) => On(call, meter => meter.DisplayName = call.Text("display_name") ?? meter.DisplayName);

    public StripeAnswer Deactivate(StripeCall call) => On(call, meter => meter.DeactivatedAt ??= books.Clock.Unix);

    public StripeAnswer Reactivate(StripeCall call) => On(call, meter => meter.DeactivatedAt = null);

    public StripeAnswer CreateCustomer(StripeCall call)
    {
        var customer = new Customer(books.NewId("cus"), books.Clock.Unix, call.Text("name"), call.Text("email"), call.Text("description"));
        call.Account.Customers.Add(customer.Id, customer);
        return StripeAnswer.Ok(customer.ToWire());
    }

    public static StripeAnswer ShowCustomer(StripeCall call) => call.Account.Customers.TryGetValue(call.Id, out var customer)
        ? StripeAnswer.Ok(customer.ToWire())
        : StripeErrors.NoSuch(call.Operation, "customer", call.Id, "customer", status: 404);

    private StripeAnswer On(StripeCall call, Action<Meter> change)
    {
        if (call.Account.MeterById(call.Id) is not { } meter)
            return StripeErrors.NoSuch(call.Operation, "billing meter", call.Id, "id", status: 404);

        change(meter);
        if (call.Operation.Method == "POST")
            meter.UpdatedAt = books.Clock.Unix;
        return StripeAnswer.Ok(meter.ToWire());
    }
}
