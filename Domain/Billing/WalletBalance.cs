namespace Orchestrator.Domain.Billing;

/// <summary>How a wallet stands, in whole micro-units of its tree's currency.</summary>
/// <param name="Granted">The sum of its entries: top-ups, credits, adjustments and corrections. May be negative.</param>
/// <param name="Settled">What recorded usage has cost it, cumulative.</param>
/// <param name="Held">What is set aside for live sessions.</param>
/// <param name="CreditLimit">How far it may go below zero; null when nobody is stopped and usage is only counted.</param>
public sealed record WalletBalance(long Granted, long Settled, long Held, long? CreditLimit)
{
    /// <summary>
    /// What a new hold may still take; null when there is no end to it. Below zero after an overrun, or after the limit was
    /// lowered under what is already used.
    /// </summary>
    public long? Available => CreditLimit is { } limit ? checked(Granted + limit - Settled - Held) : null;

    /// <summary>What is used beyond everything granted and allowed: the overrun. Never negative.</summary>
    public long Debt => Available is < 0 and { } available ? checked(-available) : 0;
}
