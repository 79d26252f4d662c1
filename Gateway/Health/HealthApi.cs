using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Gateway.Health;

/// <summary>Alive is a matter of this process alone; ready is whether it should get new sessions.</summary>
public static class HealthApi
{
    /// <summary>How long the database may be silent before new sessions had better go elsewhere.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(3);

    /// <summary>Maps them.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Ok(new HealthResponse("live", []))).ExcludeFromDescription();
        routes.MapGet("/healthz/ready", Ready).ExcludeFromDescription();
    }

    private static Results<Ok<HealthResponse>, JsonHttpResult<HealthResponse>> Ready(
        ProcessRuntime process, ProcessLease lease, TenantDirectory directory)
    {
        List<string> reasons = [];
        if (process.IsDraining)
            reasons.Add("draining");
        if (!directory.IsLoaded || lease.Process == 0)
            reasons.Add("starting");
        if (lease.SinceAnswer > MaxSilence)
            reasons.Add("database_silent");

        return reasons.Count == 0
            ? TypedResults.Ok(new HealthResponse("ready", []))
            : TypedResults.Json(new HealthResponse("not_ready", reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>How a process is. Anybody may ask, so nothing of anybody's sessions is in it, not even how many there are.</summary>
    internal sealed record HealthResponse(string Status, IReadOnlyList<string> Reasons);
}
