using Orchestrator.Domain.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>An amount: exact in millionths of the currency's unit, and as people read it.</summary>
internal sealed record AmountResponse(long Micros, string Currency, string Text)
{
    public static AmountResponse Of(long micros, string currency) => new(micros, currency, new Money(micros, currency).ToString());
}
