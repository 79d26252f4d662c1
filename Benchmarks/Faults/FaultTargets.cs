using Microsoft.Extensions.Options;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>Targets as an operator adds them, with the installation's own key.</summary>
internal static class FaultTargets
{
    /// <summary>Exports a payer's usage to that customer.</summary>
    public static Task<Guid> AddAsync(Database database, TenantId tenant, string customer, string meter)
    {
        var options = Options.Create(new StripeOptions { BaseAddress = new Uri("http://127.0.0.1"), ApiKey = new Secret(Simulator.Stripe.StripeOptions.DefaultKey) });
        var keys = new StripeKeyRule(options.Value.BaseAddress, testMode: true);
        var sink = new StripeSink(new StripeMeterEvents(new NoTransport()), keys, options);
        return new ExportTargetAdmin(database, new NoSecrets(), new UsageSinks([sink]), TimeProvider.System).AddAsync(
            new NewExportTarget(SinkKind.Stripe, new SinkAddress(tenant, FaultTenants.EventName, customer)) { MeterId = meter }, CancellationToken.None);
    }

    /// <summary>Adding a target asks Stripe nothing.</summary>
    private sealed class NoTransport : IStripeTransport
    {
        public Task<StripeAnswer> SendAsync(StripeRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("Adding a target sends nothing.");
    }

    /// <summary>The installation's own key is in its configuration.</summary>
    private sealed class NoSecrets : ISecretBox
    {
        public string Protect(Secret secret) => throw new NotSupportedException("There is no secret to protect.");

        public Secret? Unprotect(string stored) => throw new NotSupportedException("There is no secret to read.");
    }
}
