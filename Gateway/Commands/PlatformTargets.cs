using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary>
/// Targets at Stripe with the platform's own test key, for programs that have no Gateway's configuration: the demo and the
/// benchmarks. Live keys are refused, whatever the environment.
/// </summary>
internal static class PlatformTargets
{
    /// <summary>Who adds them.</summary>
    public static ExportTargetAdmin AdminOf(Database database, Secret testKey)
    {
        var options = Options.Create(new StripeOptions { ApiKey = testKey, TestMode = true });
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
