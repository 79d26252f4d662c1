using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing;

/// <summary>
/// The wallets of one tree while a batch is worked out: what it charges and holds is gathered here and written at once.
/// Not safe for several threads; it lives as long as one transaction.
/// </summary>
public sealed class WalletTree
{
    private readonly Dictionary<TenantId, (WalletBalance Before, WalletBalance Now)> _wallets;

    /// <summary>Takes the wallets as their locked rows tell them.</summary>
    public WalletTree(IEnumerable<KeyValuePair<TenantId, WalletBalance>> wallets) =>
        _wallets = wallets.ToDictionary(wallet => wallet.Key, wallet => (wallet.Value, wallet.Value));

    /// <summary>The wallets that differ from their rows, by tenant, as what to add to each row.</summary>
    public IReadOnlyList<(TenantId Tenant, long Settled, long Held)> Changes =>
        [.. _wallets.Where(wallet => wallet.Value.Before != wallet.Value.Now)
            .Select(wallet => (wallet.Key, wallet.Value.Now.Settled - wallet.Value.Before.Settled, wallet.Value.Now.Held - wallet.Value.Before.Held))
            .OrderBy(change => change.Key.Value)];

    /// <summary>What each limiting wallet has left. Below zero it is debt.</summary>
    public IReadOnlyDictionary<TenantId, long> Available =>
        _wallets.Where(wallet => wallet.Value.Now.Available is not null).ToDictionary(wallet => wallet.Key, wallet => wallet.Value.Now.Available!.Value);

    /// <summary>Whether a wallet is among them and has an end.</summary>
    public bool IsLimiting(TenantId tenant) => _wallets.TryGetValue(tenant, out var wallet) && wallet.Now.Available is not null;

    /// <summary>Whether a wallet has an end and is at it: nothing is left and nothing held, or more is held than is left.</summary>
    public bool IsSpent(TenantId tenant) =>
        _wallets.TryGetValue(tenant, out var wallet) && (wallet.Now is { Available: < 0 } or { Available: 0, Held: 0 });

    /// <summary>Charges a wallet for what was used. It may run into debt.</summary>
    public void Charge(TenantId tenant, long micros) => Change(tenant, wallet => wallet with { Settled = checked(wallet.Settled + micros) });

    /// <summary>Replaces what is held of a wallet for one session.</summary>
    public void Rehold(TenantId tenant, long before, long after) => Change(tenant, wallet => wallet with { Held = checked(wallet.Held - before + after) });

    private void Change(TenantId tenant, Func<WalletBalance, WalletBalance> change)
    {
        var (before, now) = _wallets[tenant];
        _wallets[tenant] = (before, change(now));
    }
}
