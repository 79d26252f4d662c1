using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// Where marks become ledger ranges, and ranges what wallets owe. Every method is one transaction; wallets are locked before runs,
/// both in the order of their ids, so that two of them wait for each other and for a flush instead of deadlocking.
/// </summary>
public interface IBillingStore
{
    /// <summary>Settles live sessions and extends their holds; see <see cref="IBillingGrain.SettleAsync"/>.</summary>
    Task<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<SettlementDue> due, CancellationToken cancellationToken);

    /// <summary>Sessions of a tree whose closed runs owe something, or that are over and still hold: to be settled like live ones.</summary>
    Task<IReadOnlyList<SettlementDue>> FindClosedAsync(TenantId root, int limit, CancellationToken cancellationToken);

    /// <summary>The trees in which closed runs owe something, or holds are left of sessions that are over.</summary>
    Task<IReadOnlyList<TenantId>> FindUnsettledAsync(CancellationToken cancellationToken);

    /// <summary>Whether the failure lies in what was to be written, so that it may be one session's alone.</summary>
    bool IsPermanent(Exception exception);
}
