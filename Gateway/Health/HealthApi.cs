using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Orchestrator.Gateway.Health;

/// <summary>
/// Three answers: whether the process lives, which is a matter of this process alone; whether it should get new sessions; and
/// how many it still has, for whoever decides whether it may be stopped.
/// </summary>
public static class HealthApi
{
    /// <summary>Maps them.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Ok(new HealthResponse("live", []))).ExcludeFromDescription();
        routes.MapGet("/healthz/ready", ReadyAsync).ExcludeFromDescription();
        routes.MapGet("/healthz/sessions", (AttachedSessions attached) => TypedResults.Ok(attached.Count())).OnPrivatePort().ExcludeFromDescription();
    }

    private static async Task<Results<Ok<HealthResponse>, JsonHttpResult<HealthResponse>>> ReadyAsync(HealthCheckService checks, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(cancellationToken);
        var reasons = report.Entries.Where(entry => entry.Value.Status is not HealthStatus.Healthy).Select(entry => entry.Key).ToList();
        return reasons.Count == 0
            ? TypedResults.Ok(new HealthResponse("ready", []))
            : TypedResults.Json(new HealthResponse("not_ready", reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>How a process is. Anybody may ask, so nothing of anybody's sessions is in it, not even how many there are.</summary>
    internal sealed record HealthResponse(string Status, IReadOnlyList<string> Reasons);
}
