using System.Globalization;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Usage of one customer, as Stripe is told of them.</summary>
/// <param name="EventName">The meter, by the name of its events.</param>
/// <param name="Identifier">Ours, for good: Stripe takes each but once a day.</param>
/// <param name="Customer">Stripe's id of the customer.</param>
/// <param name="Value">Whole units of the meter.</param>
/// <param name="Timestamp">An instant within what they cover.</param>
public sealed record MeterEvent(string EventName, string Identifier, string Customer, long Value, DateTimeOffset Timestamp)
{
    /// <summary>What Stripe would not take, or would take for something else, as a sentence; null when all is well.</summary>
    public string? Flaw()
    {
        if (EventName.Length is 0 or > 100 || EventName.Any(char.IsControl))
            return "The event name must have 1 to 100 characters.";
        if (Identifier.Length is 0 or > 100 || !IsVisible(Identifier) || !StripeIdempotencyKey.Takes(Identifier))
            return "The identifier must have 1 to 100 visible ASCII characters other than ~.";
        if (Customer.Length is 0 or > 100 || !IsVisible(Customer))
            return "The customer must be an id of 1 to 100 visible ASCII characters.";
        // Stripe has changed its mind about fractions, signs and long numbers; whole positive ones were always right.
        if (Value is < 1 or > 999_999_999_999_999)
            return "The value must be a whole number from 1 to 999999999999999.";
        return null;
    }

    /// <summary>The body, to be kept and sent as it is in every attempt. A flawed event has none.</summary>
    public StripeBody Freeze() => Flaw() is { } flaw
        ? throw new InvalidOperationException($"This is no meter event. {flaw}")
        : StripeBody.Freeze(
            ("event_name", EventName),
            ("identifier", Identifier),
            ("payload[stripe_customer_id]", Customer),
            ("payload[value]", Value.ToString(CultureInfo.InvariantCulture)),
            ("timestamp", Timestamp.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));

    private static bool IsVisible(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
