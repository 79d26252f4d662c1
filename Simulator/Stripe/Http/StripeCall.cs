using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Contract;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>A request that is let in and fits the contract.</summary>
internal sealed record StripeCall(Operation Operation, Account Account, string Id, JsonObject Query, JsonObject Body)
{
    /// <summary>It creates a meter event.</summary>
    public bool IsMeterEvent { get; } = Operation.Name is "POST /v1/billing/meter_events" or "POST /v2/billing/meter_events";

    public string? Text(string name) => Body[name]?.GetValue<string>();

    /// <summary>A member of an object in the body.</summary>
    public string? Text(string name, string inner) => Body[name]?[inner]?.GetValue<string>();

    public string? Asked(string name) => Query[name]?.GetValue<string>();
}
