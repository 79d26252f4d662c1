using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Grains.Interfaces.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// Settings of a tenant's client tokens: its own to make, and those above it. Since the strictest of a path counts, a tenant lifts
/// nothing of what is set above it; and what one above has set for it, it does not change.
/// </summary>
internal static class TenantSettingsApi
{
    public static void MapTenantSettings(this IEndpointRouteBuilder routes)
    {
        var settings = routes.MapGroup("/v1/tenants/{id}/settings").WithTags("Tenants")
            .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        settings.MapGet("", GetAsync).WithName("GetTenantSettings")
            .WithSummary("Defaults and ceilings of a tenant's client tokens, and what counts with those above it; the header ETag names the version");
        settings.MapPut("", PutAsync).WithName("PutTenantSettings")
            .WithSummary("Set them, if If-Match names the version that stands, or If-None-Match: * if there are none").Accepts<TokenSettings>("application/json");
        settings.MapDelete("", DeleteAsync).WithName("ClearTenantSettings").WithSummary("Clear them, if If-Match names the version that stands");
    }

    private static async Task<Results<Ok<TenantSettingsResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, TenantScope scope, TenantQueries queries, SettingsOfPath settings, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        return await TellAsync(context, tenant, await settings.Of(tenant.Id).GetAsync(cancellationToken), queries, settings, cancellationToken);
    }

    private static async Task<Results<Ok<TenantSettingsResponse>, ProblemHttpResult>> PutAsync(
        string id, HttpContext context, TenantScope scope, TenantQueries queries, SettingsOfPath settings, CancellationToken cancellationToken,
        [FromHeader(Name = "If-Match")] string? ifMatch = null, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch = null)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, TokenSettings.Read);
        if (wanted is null)
            return wrong!;

        var (change, problem) = await ChangeAsync(context, tenant, wanted.ToSettings(), settings, ifMatch, ifNoneMatch, cancellationToken);
        if (change is null)
            return problem!;
        return await TellAsync(context, tenant, change.Standing, queries, settings, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, HttpContext context, TenantScope scope, SettingsOfPath settings, CancellationToken cancellationToken,
        [FromHeader(Name = "If-Match")] string? ifMatch = null)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (change, problem) = await ChangeAsync(context, tenant, wanted: null, settings, ifMatch, ifNoneMatch: null, cancellationToken);
        return change is null ? problem! : TypedResults.NoContent();
    }

    private static async Task<(SettingsChange? Change, ProblemHttpResult? Problem)> ChangeAsync(
        HttpContext context, TenantRow tenant, TenantSettings? wanted, SettingsOfPath settings, string? ifMatch, string? ifNoneMatch, CancellationToken cancellationToken)
    {
        var grain = settings.Of(tenant.Id);
        if (Precondition.Read(ifMatch, ifNoneMatch) is not { } condition)
            return (null, Problems.ConditionRequired);
        var etag = condition.ETag;
        if (condition.IsFirst)
        {
            var standing = await grain.GetAsync(cancellationToken);
            if (standing.Settings is not null)
                return (null, Problems.ConditionFailed);
            etag = standing.ETag;
        }

        var change = await grain.ChangeAsync(new SettingsWish(wanted, DepthOf(context), etag, TenantScope.ActorOf(context)), cancellationToken);
        return change.Outcome switch
        {
            SettingsOutcome.Stale    => (null, Problems.ConditionFailed),
            SettingsOutcome.SetAbove => (null, Problems.SetAbove),
            _                        => (change, null),
        };
    }

    private static async Task<Ok<TenantSettingsResponse>> TellAsync(
        HttpContext context, TenantRow tenant, StandingSettings standing, TenantQueries queries, SettingsOfPath settings, CancellationToken cancellationToken)
    {
        var effective = await settings.EffectiveAsync(await queries.PathAsync(tenant.Id, cancellationToken), cancellationToken);
        context.Response.Headers.ETag = Precondition.HeaderOf(standing.ETag);
        return TypedResults.Ok(TenantSettingsResponse.Of(standing, DepthOf(context), effective));
    }

    private static int DepthOf(HttpContext context) => ApiCallerFilter.CallerOf(context).Tenant.Path.Count;
}
