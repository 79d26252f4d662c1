using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>One run between its mark, the ledger and the wallets it is charged to.</summary>
/// <param name="Run">Its ordinal in the session.</param>
/// <param name="MarkMs">What was generated.</param>
/// <param name="LedgeredMs">As much of it as stands in the ledger.</param>
/// <param name="SettledMs">As much of it as the wallets were charged for.</param>
/// <param name="IsClosed">Whether it counts no more.</param>
/// <param name="Payers">The tenants whose wallets are charged, each with the price it locked; without a price it is charged nothing.</param>
public sealed record RunAccount(int Run, long MarkMs, long LedgeredMs, long SettledMs, bool IsClosed, IReadOnlyList<KeyValuePair<TenantId, Price?>> Payers)
{
    /// <summary>
    /// How far the ledger is brought. While the run is open its last millisecond is left for the close, so that every closed run
    /// has a last range to carry its rounding.
    /// </summary>
    public long SettleTo => IsClosed ? MarkMs : Math.Max(LedgeredMs, MarkMs - 1);

    /// <summary>What settling it costs a payer: the difference of its cumulative function, so that the sum over all settlements is exact.</summary>
    public long ChargeTo(Price? price) => price is null ? 0 : price.Settled(SettleTo, IsClosed) - price.Settled(SettledMs, closed: false);
}
