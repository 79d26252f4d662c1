using System.Diagnostics;
using Orchestrator.Simulator.Stripe.Events;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Who carries out which operation of the contract. Called under the gate of the books.</summary>
internal sealed class StripeHandlers(StripeBooks books, NotificationBook notifications)
{
    private readonly MeterEvents _events = new(books);
    private readonly Adjustments _adjustments = new(books);
    private readonly Meters _meters = new(books);
    private readonly Summaries _summaries = new(books);

    public StripeAnswer Handle(StripeCall call) => call.Operation.Name switch
    {
        "POST /v1/billing/meter_events"                => _events.Create(call),
        "POST /v2/billing/meter_events"                => _events.Create(call),
        "POST /v1/billing/meter_event_adjustments"     => _adjustments.Create(call),
        "POST /v2/billing/meter_event_adjustments"     => _adjustments.Create(call),
        "GET /v1/billing/meters"                       => Meters.List(call),
        "POST /v1/billing/meters"                      => _meters.Create(call),
        "GET /v1/billing/meters/{id}"                  => _meters.Show(call),
        "POST /v1/billing/meters/{id}"                 => _meters.Rename(call),
        "POST /v1/billing/meters/{id}/deactivate"      => _meters.Deactivate(call),
        "POST /v1/billing/meters/{id}/reactivate"      => _meters.Reactivate(call),
        "GET /v1/billing/meters/{id}/event_summaries"  => _summaries.List(call),
        "POST /v1/customers"                           => _meters.CreateCustomer(call),
        "GET /v1/customers/{customer}"                 => Meters.ShowCustomer(call),
        "GET /v2/core/events/{id}"                     => notifications.Show(call),
        var name                                       => throw new UnreachableException($"The contract has {name}, and nobody carries it out."),
    };
}
