using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>Reconciliation, for a host that has Stripe, a secret box and the stores, and has bound <see cref="ReconciliationOptions"/>.</summary>
public static class ReconciliationServices
{
    /// <summary>The reconciler and its parts.</summary>
    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddSingleton<IUsageCount, StripeCount>();
        services.AddSingleton<MeterReconciler>();
        services.AddSingleton<Corrector>();
        services.AddSingleton<ReconciliationMetrics>();
        services.AddSingleton<Reconciler>();
        return services;
    }
}
