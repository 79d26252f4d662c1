namespace Orchestrator.Simulator.Stripe.Oracles;

/// <summary>One accepted meter event.</summary>
/// <param name="Number">Counts from 1 in the order of receipt.</param>
/// <param name="Account">The account it was sent to.</param>
/// <param name="EventName">Its event name.</param>
/// <param name="Identifier">Its identifier.</param>
/// <param name="Customer">Its customer.</param>
/// <param name="Value">Its value.</param>
/// <param name="Timestamp">The instant it is billed at.</param>
/// <param name="ReceivedAt">When it was accepted, on the virtual clock.</param>
/// <param name="Cancelled">It was cancelled later.</param>
/// <param name="Failure">Code of its later failure; null when it has none.</param>
public sealed record MeterEventView(
    long Number, string Account, string EventName, string Identifier, string Customer, decimal Value, DateTimeOffset Timestamp, DateTimeOffset ReceivedAt,
    bool Cancelled, string? Failure);

/// <summary>What an invoice would hold: accepted, not cancelled, not failed.</summary>
/// <param name="Account">The account.</param>
/// <param name="Customer">The customer.</param>
/// <param name="EventName">The event name.</param>
/// <param name="Day">The UTC day of the timestamps; null in sums over all days.</param>
/// <param name="Events">How many events.</param>
/// <param name="Total">The sum of their values.</param>
public sealed record MeterEventSum(string Account, string Customer, string EventName, DateOnly? Day, long Events, decimal Total);
