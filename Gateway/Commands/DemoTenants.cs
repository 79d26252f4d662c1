using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Commands;

/// <summary>The two levels of the demo.</summary>
internal readonly record struct DemoTree(TenantId Reseller, TenantId Customer);

/// <summary>
/// The tree that the demo plays in: a reseller below the platform and a customer below the reseller, with what each pays and
/// from what. Whatever is there and as it should be stays; a database of an earlier version gets what it lacks.
/// </summary>
internal sealed class DemoTenants(Database database)
{
    private const string ResellerName = "Demo reseller";
    private const string CustomerName = "Demo customer";
    private const string Currency = "USD";
    private const string Actor = "demo";
    private const int BlindSeconds = 30;
    private const long LowMicros = 10_000_000;
    private const long TopUpMicros = 100_000_000;

    /// <summary>The providers that <c>./run</c> names; the simulator is behind each of them.</summary>
    private static readonly string[] Providers = ["simulator", "livestyler", "voice", "live", "overhttp"];

    private static readonly Price Cost = new(8_000m, Rounding.Default);
    private static readonly Price ResellerPrice = new(12_000m, Rounding.Default);
    private static readonly Price CustomerPrice = new(20_000m, Rounding.Default);

    private readonly TenantAdmin _admin = new(database, TimeProvider.System);

    /// <summary>Makes sure of all of it. Safe to repeat, one after the other.</summary>
    public async Task<DemoTree> EnsureAsync(CancellationToken cancellationToken)
    {
        var reseller = await _admin.FindRootAsync(ResellerName, cancellationToken) ?? await _admin.AddTenantAsync(ResellerName, Currency, cancellationToken: cancellationToken);
        var customer = await FindCustomerAsync(reseller, cancellationToken) ?? await _admin.AddTenantAsync(CustomerName, Currency, reseller, cancellationToken: cancellationToken);

        foreach (var provider in Providers)
            await EnsureCostAsync(provider, cancellationToken);
        await EnsurePriceAsync(reseller, ResellerPrice, cancellationToken);
        await EnsurePriceAsync(customer, CustomerPrice, cancellationToken);

        // The reseller pays later and is stopped by nothing; the customer pays before.
        var wallets = new WalletStore(database);
        if (await wallets.FindAsync(reseller, cancellationToken) is null)
            await wallets.PutAsync(reseller, creditLimit: null, BlindSeconds, thresholds: [], Actor, cancellationToken);
        if (await wallets.FindAsync(customer, cancellationToken) is null)
            await wallets.PutAsync(customer, creditLimit: 0, BlindSeconds, [LowMicros], Actor, cancellationToken);
        await TopUpAsync(wallets, customer, cancellationToken);
        return new DemoTree(reseller, customer);
    }

    private async Task<TenantId?> FindCustomerAsync(TenantId reseller, CancellationToken cancellationToken) =>
        (await new TenantQueries(database).ChildrenAsync(reseller, reseller, after: null, limit: 1_000, cancellationToken)).FirstOrDefault(child => child.Name == CustomerName)?.Id;

    private async Task EnsureCostAsync(string provider, CancellationToken cancellationToken)
    {
        var book = new CostBook(database);
        var current = (await book.ListAsync(1_000, cancellationToken)).FirstOrDefault(version =>
            version is { Model: null, Currency: Currency, Until: null } && version.Provider == provider);
        if (current?.Price != Cost)
            Refuse(await book.SetAsync(provider, model: null, Currency, Cost, from: null, Actor, cancellationToken));
    }

    private async Task EnsurePriceAsync(TenantId tenant, Price price, CancellationToken cancellationToken)
    {
        var versions = await new PriceBook(database).ListAsync(tenant, before: null, limit: 1_000, cancellationToken);
        if (versions.FirstOrDefault(version => version is { Model: null, Until: null })?.Price != price)
            await _admin.SetPriceAsync(tenant, model: null, price, cancellationToken);
    }

    /// <summary>Each top-up changes what was granted, so the next has a key of its own and the same one is never posted twice.</summary>
    private static async Task TopUpAsync(WalletStore wallets, TenantId customer, CancellationToken cancellationToken)
    {
        if (await wallets.FindAsync(customer, cancellationToken) is not { Balance: { Available: < LowMicros } balance })
            return;
        var posting = new WalletPosting(FormattableString.Invariant($"demo after {balance.Granted}"), WalletEntryKind.TopUp, TopUpMicros, Actor, "so that the demo goes on");
        if ((await wallets.PostAsync(customer, posting, cancellationToken)).Refusal is { } refusal)
            throw new StartException($"The demo customer's wallet takes no top-up: {refusal}.");
    }

    private static void Refuse(PriceRefusal? refusal)
    {
        if (refusal is { } why)
            throw new StartException($"No cost of the demo begins now: {why}.");
    }
}
