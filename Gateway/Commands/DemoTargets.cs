using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary>
/// Where the demo's usage goes: wholesale, the platform bills the reseller at its own Stripe account; retail, the reseller bills
/// the customer at one that is connected to it. The names are those that <c>run</c> seeds the fake Stripe with.
/// </summary>
internal sealed class DemoTargets(Database database, Secret platformKey)
{
    /// <summary>Makes sure of both targets. Safe to repeat: a tenant has one target in a lane.</summary>
    public async Task EnsureAsync(DemoTree tree, CancellationToken cancellationToken)
    {
        await EnsureAsync(new SinkAddress(tree.Reseller, "generation_seconds", "cus_demo_reseller"), cancellationToken);
        await EnsureAsync(new SinkAddress(tree.Customer, "generation_seconds", "cus_demo_customer") { Account = "acct_demo_reseller" }, cancellationToken);
    }

    private async Task EnsureAsync(SinkAddress address, CancellationToken cancellationToken)
    {
        try
        {
            // One that is there already is refused, and all is well.
            await PlatformTargets.AdminOf(database, platformKey).TryAddAsync(new NewExportTarget(SinkKind.Stripe, address), cancellationToken);
        }
        catch (ArgumentException flaw)
        {
            throw new StartException($"The demo's usage cannot be exported: {flaw.Message}");
        }
    }
}
