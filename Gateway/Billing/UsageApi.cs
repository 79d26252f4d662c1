using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Extensions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What was used, and what it costs and earns the caller.</summary>
internal static class UsageApi
{
    public static void MapUsage(this IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/usage", GetAsync)
        .WithTags("Usage")
        .WithName("GetUsage")
        .WithSummary("Seconds, charge and margin of the caller and all below it, grouped; JSON or CSV")
        .Produces<string>(StatusCodes.Status200OK, "text/csv")
        .AddEndpointFilter<ApiCallerFilter>();

    // The parameters stand here for the description; UsageRequest reads them with all their errors at once.
    private static async Task<Results<Ok<UsageResponse>, ContentHttpResult, ProblemHttpResult>> GetAsync(
        HttpContext context, TenantScope scope, UsageStore usage, TimeProvider time, [AsParameters] UsageQuery query, CancellationToken cancellationToken)
    {
        var errors = new Dictionary<string, string>();
        if (UsageRequest.Read(context.Request, time.GetUtcNow(), errors) is not { } request)
            return Problems.Invalid(errors);
        var viewer = TenantScope.ViewerOf(context);
        if (await scope.FindAsync(context, query.Tenant ?? viewer.ToString(), cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;

        var rows = await usage.SumAsync(new UsageScope(viewer, tenant.Id, request.Span.From, request.Span.To), request.Groups, request.After, request.Limit + 1, cancellationToken);
        if (!request.IsCsv)
            return TypedResults.Ok(UsageResponse.Of(tenant.Id.ToString(), tenant.Currency, request, rows));

        if (UsageResponse.NextOf(request, rows) is { } next)
            context.Response.Headers.Link = $"<{context.Request.Path}{NextQuery(context.Request, next)}>; rel=\"next\"";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"usage.csv\"";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Text(UsageCsv.Write(request, rows, tenant.Currency), "text/csv; header=present", Encoding.UTF8);
    }

    /// <summary>The same question further on; the credential stays out of it.</summary>
    private static QueryString NextQuery(HttpRequest request, string next)
    {
        var query = new QueryBuilder(request.Query.Where(pair => pair.Key is not ("after" or "api_key")));
        query.Add("after", next);
        return query.ToQueryString();
    }
}

/// <summary>What may be asked of usage.</summary>
/// <param name="GroupBy">A list of <c>tenant,end_user,model,day,session</c>; none answers the total alone.</param>
/// <param name="From">A day or an instant; the first of the running month by default.</param>
/// <param name="To">A day or an instant, at most 92 days after; the first of the next month by default.</param>
/// <param name="Tenant">A tenant below the caller, whose usage alone counts.</param>
/// <param name="After">What the last answer said comes next.</param>
/// <param name="Limit">How many groups, up to 1000; 200 by default.</param>
/// <param name="Format"><c>json</c> or <c>csv</c>; by default what the Accept header asks for.</param>
internal sealed record UsageQuery(
    [property: Microsoft.AspNetCore.Mvc.FromQuery(Name = "group_by")] string? GroupBy, string? From, string? To, string? Tenant, string? After, string? Limit, string? Format);
