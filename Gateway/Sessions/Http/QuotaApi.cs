using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary><c>GET /v1/realtime/quota</c>, in the provider's own shape and answered from our own limits: nobody learns of the provider's.</summary>
internal static class QuotaApi
{
    public static void MapQuota(this IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/realtime/quota", GetAsync)
        .WithTags("Realtime over HTTP")
        .WithName("GetQuota")
        .WithSummary("How many sessions the caller may have live, has, and could still open; null where nothing limits them")
        .AddEndpointFilter<BrowserAccess>()
        .AddEndpointFilter<ApiCallerFilter>();

    private static async Task<IResult> GetAsync(HttpContext context, ISessionQueries queries, CancellationToken cancellationToken)
    {
        var caller = ApiCallerFilter.CallerOf(context);
        var active = await queries.CountLiveAsync(caller.Tenant.Id, cancellationToken);
        var (limit, remaining) = (caller.Tenant.MaxSessions, (int?)null);
        foreach (var tenant in caller.Path.Where(tenant => tenant.MaxSessions is not null))
        {
            // A limit above counts those of others too; of it the caller learns what is left, and not who has the rest.
            var live = tenant.Id == caller.Tenant.Id ? active : await queries.CountLiveAsync(tenant.Id, cancellationToken);
            var left = Math.Max(0, tenant.MaxSessions!.Value - live);
            remaining = remaining < left ? remaining : left;
        }

        return TypedResults.Ok(new QuotaResponse(limit ?? (remaining is { } rest ? active + rest : null), active, remaining));
    }
}
