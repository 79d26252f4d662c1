using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Billing.Stripe;
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
            await Admin().TryAddAsync(new NewExportTarget(SinkKind.Stripe, address), cancellationToken);
        }
        catch (ArgumentException flaw)
        {
            throw new StartException($"The demo's usage cannot be exported: {flaw.Message}");
        }
    }

    private ExportTargetAdmin Admin()
    {
        // Test keys alone, whatever the environment: the demo moves no money.
        var options = Options.Create(new StripeOptions { ApiKey = platformKey, TestMode = true });
        var sink = new StripeSink(new StripeMeterEvents(new NoTransport()), new StripeKeyRule(options.Value.BaseAddress, testMode: true), options);
        return new ExportTargetAdmin(database, new NoSecrets(), new UsageSinks([sink]), TimeProvider.System);
    }

    /// <summary>Adding a target asks Stripe nothing.</summary>
    private sealed class NoTransport : IStripeTransport
    {
        public Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("Adding a target sends nothing.");
    }

    /// <summary>The platform's own key is in its configuration.</summary>
    private sealed class NoSecrets : ISecretBox
    {
        public string Protect(Secret secret) => throw new NotSupportedException("There is no secret to protect.");

        public Secret? Unprotect(string stored) => throw new NotSupportedException("There is no secret to read.");
    }
}
