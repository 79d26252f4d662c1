using System.Text.Json.Nodes;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>One account with its own meters and customers; <paramref name="platform"/> may act for it with <c>Stripe-Account</c>.</summary>
internal sealed class Account(string id, int number, string? platform)
{
    public string Id { get; } = id;

    /// <summary>Its number among all interned names.</summary>
    public int Number { get; } = number;

    public string? Platform { get; } = platform;

    /// <summary>In the order they were made.</summary>
    public List<Meter> Meters { get; } = [];

    public Dictionary<string, Customer> Customers { get; } = new(StringComparer.Ordinal);

    public Meter? MeterById(string meterId) => Meters.Find(meter => meter.Id == meterId);

    public Meter? MeterFor(string eventName) => Meters.Find(meter => meter.EventName == eventName);
}

/// <summary>A customer, as far as metering cares.</summary>
internal sealed record Customer(string Id, long Created, string? Name = null, string? Email = null, string? Description = null)
{
    public JsonObject ToWire() => new()
    {
        ["id"] = Id,
        ["object"] = "customer",
        ["created"] = Created,
        ["description"] = Description,
        ["email"] = Email,
        ["livemode"] = false,
        ["metadata"] = new JsonObject(),
        ["name"] = Name,
    };
}

/// <summary>A meter: one event name, for ever.</summary>
internal sealed class Meter(string id, string eventName, int number, long created)
{
    public string Id { get; } = id;
    public string EventName { get; } = eventName;

    /// <summary>Number of the event name among all interned names.</summary>
    public int Number { get; } = number;

    public required string DisplayName { get; set; }
    public string Formula { get; init; } = "sum";
    public string? Window { get; init; }
    public string CustomerKey { get; init; } = "stripe_customer_id";
    public string ValueKey { get; init; } = "value";
    public long? DeactivatedAt { get; set; }
    public long Created { get; } = created;
    public long? UpdatedAt { get; set; }

    public JsonObject ToWire() => new()
    {
        ["id"] = Id,
        ["object"] = "billing.meter",
        ["created"] = Created,
        ["customer_mapping"] = new JsonObject { ["event_payload_key"] = CustomerKey, ["type"] = "by_id" },
        ["default_aggregation"] = new JsonObject { ["formula"] = Formula },
        ["display_name"] = DisplayName,
        ["event_name"] = EventName,
        ["event_time_window"] = Window,
        ["livemode"] = false,
        ["status"] = DeactivatedAt is null ? "active" : "inactive",
        ["status_transitions"] = new JsonObject { ["deactivated_at"] = DeactivatedAt },
        ["updated"] = UpdatedAt ?? Created,
        ["value_settings"] = new JsonObject { ["event_payload_key"] = ValueKey },
    };
}
