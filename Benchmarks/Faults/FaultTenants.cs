using System.Globalization;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Commands;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;
using Orchestrator.Simulator;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>A payer whose seconds are exported, and the customer that it is to the sink.</summary>
internal sealed record ExportedPayer(TenantId Tenant, string Customer);

/// <summary>
/// Whose sessions they are: a post-paid reseller with a rich customer and a poor one, whose credit is always about to end, and a
/// reseller without any wallet. All are exported to the fake Stripe.
/// </summary>
internal sealed class FaultTenants(Database database)
{
    /// <summary>What the event is called.</summary>
    public const string EventName = "generation_seconds";

    /// <summary>What everybody pays for a second.</summary>
    public const long MicrosPerSecond = 1_000;

    private readonly List<string> _keys = [];
    private readonly List<ExportedPayer> _payers = [];
    private TenantId _poor;
    private int _topUps;

    /// <summary>A key of each tenant that opens sessions.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>Who is exported.</summary>
    public IReadOnlyList<ExportedPayer> Payers => _payers;

    /// <summary>Makes them.</summary>
    public async Task MakeAsync(ProviderSimulator provider)
    {
        var wallets = new WalletStore(database);
        var reseller = await AddAsync("reseller", parent: null);
        var rich = await AddAsync("rich", reseller);
        _poor = await AddAsync("poor", reseller);
        var plain = await AddAsync("plain", parent: null);
        await wallets.PutAsync(reseller, creditLimit: null, blindSeconds: 30, [], "bench");
        await wallets.PutAsync(rich, creditLimit: 0, blindSeconds: null, [], "bench");
        await wallets.PutAsync(_poor, creditLimit: 0, blindSeconds: 30, [MicrosPerSecond * 100], "bench");
        await PostAsync(rich, seconds: 1_000_000_000);
        await PostAsync(_poor, seconds: 500);

        var meter = provider.Stripe.AddMeter(EventName);
        var targets = PlatformTargets.AdminOf(database, new Secret(Simulator.Stripe.StripeOptions.DefaultKey));
        foreach (var (tenant, name) in new[] { (reseller, "cus_reseller"), (rich, "cus_rich"), (plain, "cus_plain") })
        {
            provider.Stripe.AddCustomer(name);
            await targets.AddAsync(new NewExportTarget(SinkKind.Stripe, new SinkAddress(tenant, EventName, name)) { MeterId = meter }, CancellationToken.None);
            _payers.Add(new ExportedPayer(tenant, name));
        }
    }

    /// <summary>Gives the poor one so many seconds more.</summary>
    public Task TopUpAsync(long seconds) => PostAsync(_poor, seconds);

    private async Task<TenantId> AddAsync(string name, TenantId? parent)
    {
        var admin = new TenantAdmin(database, TimeProvider.System);
        var tenant = await admin.AddTenantAsync(name, "USD", parent);
        await admin.SetPriceAsync(tenant, model: null, new Price(MicrosPerSecond, Rounding.Default));
        _keys.Add((await admin.AddKeyAsync(tenant, name)).Key);
        return tenant;
    }

    private async Task PostAsync(TenantId tenant, long seconds)
    {
        var key = Interlocked.Increment(ref _topUps).ToString(CultureInfo.InvariantCulture);
        var posted = await new WalletStore(database).PostAsync(
            tenant, new WalletPosting(key, WalletEntryKind.TopUp, seconds * MicrosPerSecond, "bench", "to be spent"));
        if (posted.Refusal is { } refusal)
            throw new InvalidOperationException($"A top-up was refused: {refusal}.");
    }
}
