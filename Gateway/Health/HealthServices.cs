using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Gateway.Health;

/// <summary>Why a process should get no new sessions. A host that has more reasons adds its own.</summary>
public static class HealthServices
{
    /// <summary>How long the database may be silent before new sessions had better go elsewhere.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(3);

    /// <summary>The reasons that every process with an edge has.</summary>
    internal static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddUnreadyWhen("draining", provider => provider.GetRequiredService<Drain>().IsDraining);
        // A process that only has clients holds no lease.
        services.AddUnreadyWhen("starting", provider =>
            !provider.GetRequiredService<TenantDirectory>().IsLoaded || provider.GetService<ProcessLease>() is { Process: 0 });
        services.AddUnreadyWhen("database_silent", provider =>
            provider.GetRequiredService<TenantDirectory>().SinceRefresh > MaxSilence || provider.GetService<ProcessLease>()?.SinceAnswer > MaxSilence);
        services.AddSingleton<AttachedSessions>();
        return services;
    }

    /// <summary>
    /// One more reason: while it is so, <c>/healthz/ready</c> answers 503 and names it. Asked often, so it must be known, not looked
    /// for. Anybody may read its name.
    /// </summary>
    public static IServiceCollection AddUnreadyWhen(this IServiceCollection services, string reason, Func<IServiceProvider, bool> isSo)
    {
        services.AddHealthChecks().Add(new HealthCheckRegistration(reason, provider => new Reason(() => isSo(provider)), failureStatus: null, tags: null));
        return services;
    }

    private sealed class Reason(Func<bool> isSo) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(isSo() ? HealthCheckResult.Unhealthy() : HealthCheckResult.Healthy());
    }
}
