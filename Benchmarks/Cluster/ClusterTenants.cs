using Orchestrator.Benchmarks.Support;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary>A key of each kind of tenant.</summary>
internal sealed record ClusterKeys(string Prepaid, string Plain)
{
    /// <summary>Client tokens for them, from the process that listens on this port.</summary>
    public async Task<ClusterTokens> MintAsync(int port) => new(await ProviderProcess.MintAsync(port, Prepaid), await ProviderProcess.MintAsync(port, Plain));
}

/// <summary>What opens sessions of each kind of tenant.</summary>
internal sealed record ClusterTokens(string Prepaid, string Plain);

/// <summary>
/// Whose sessions they are: a customer that pays ahead, as its reseller does, and a tenant without a wallet. All holds of the
/// first are renewed by one grain, which is on one silo, so that two of three silos ask for them from afar.
/// </summary>
internal static class ClusterTenants
{
    private const string Actor = "bench";

    public static async Task<ClusterKeys> MakeAsync(BenchSchema schema)
    {
        await using var database = new Database(schema.Application);
        var admin = new TenantAdmin(database, TimeProvider.System);
        var wallets = new WalletStore(database);
        var reseller = await AddAsync(parent: null, microsPerSecond: 700m, hasWallet: true);
        var prepaid = await AddAsync(reseller, microsPerSecond: 1_234.5m, hasWallet: true);
        var plain = await AddAsync(parent: null, microsPerSecond: 1_000m, hasWallet: false);
        return new ClusterKeys((await admin.AddKeyAsync(prepaid, "bench")).Key, (await admin.AddKeyAsync(plain, "bench")).Key);

        async Task<TenantId> AddAsync(TenantId? parent, decimal microsPerSecond, bool hasWallet)
        {
            var tenant = await admin.AddTenantAsync("bench", "USD", parent);
            await admin.SetPriceAsync(tenant, model: null, new Price(microsPerSecond, Rounding.Default));
            if (!hasWallet)
                return tenant;
            await wallets.PutAsync(tenant, creditLimit: 0, blindSeconds: 0, thresholds: [1_000_000], Actor);
            await wallets.PostAsync(tenant, new WalletPosting("bench", WalletEntryKind.TopUp, WalletStore.MaxMicros / 1_000, Actor, "bench"));
            return tenant;
        }
    }
}
