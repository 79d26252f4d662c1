using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>What a session used of one model, between the rows that say so and the wallets that are charged for it.</summary>
/// <param name="Counted">The sum of its rows.</param>
/// <param name="Settled">As much of it as the wallets were charged for.</param>
/// <param name="Payers">The tenants whose wallets are charged, each with the price it locked; without a price it is charged nothing.</param>
public sealed record TokenAccount(TokenCounts Counted, TokenCounts Settled, IReadOnlyList<KeyValuePair<TenantId, TokenPrice?>> Payers)
{
    /// <summary>What settling it costs a payer: the difference of its cumulative function, so that the sum over all settlements is exact.</summary>
    public long ChargeOf(TokenPrice? price) => price is null ? 0 : price.Settled(Counted) - price.Settled(Settled);
}
