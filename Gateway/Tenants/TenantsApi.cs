using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>The tree as a reseller sees and grows it.</summary>
internal static class TenantsApi
{
    /// <summary>The deepest that the tree may be: every level is a price and perhaps a wallet for each second.</summary>
    public const int MaxDepth = 16;

    public static void MapTenants(this IEndpointRouteBuilder routes)
    {
        var tenants = routes.MapGroup("/v1/tenants").WithTags("Tenants").WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        tenants.MapGet("", ListAsync).WithName("ListTenants").WithSummary("Tenants right below the caller, or below another that it sees");
        tenants.MapPost("", AddAsync).WithName("AddTenant").WithSummary("Add a tenant below the caller, or below another that it sees").Accepts<NewTenant>("application/json");
        tenants.MapGet("/{id}", GetAsync).WithName("GetTenant").WithSummary("One tenant: the caller itself or one below it");
        tenants.MapPatch("/{id}", LimitAsync).WithName("LimitTenant").WithSummary("Change limits of a tenant below; null lifts one").Accepts<TenantLimits>("application/json");
        tenants.MapPost("/{id}/suspend", SuspendAsync).WithName("SuspendTenant").WithSummary("Suspend a tenant and all below it; their sessions end within a second");
        tenants.MapPost("/{id}/resume", ResumeAsync).WithName("ResumeTenant").WithSummary("Let a suspended tenant go on");
    }

    private static async Task<Results<Ok<Page<TenantResponse>>, ProblemHttpResult>> ListAsync(
        HttpContext context, TenantScope scope, TenantQueries queries, CancellationToken cancellationToken, string? parent = null, string? after = null, int limit = 50)
    {
        if (Pages.Problem(limit) is { } problem)
            return problem;
        TenantId? cursor = null;
        if (after is not null)
        {
            if (!Guid.TryParseExact(after, "N", out var id))
                return Problems.Invalid(new Dictionary<string, string> { ["after"] = "must be what a page said comes next" });
            cursor = new TenantId(id);
        }

        var viewer = TenantScope.ViewerOf(context);
        if (await scope.FindAsync(context, parent ?? viewer.ToString(), cancellationToken) is not { } above)
            return Problems.TenantNotFound;
        var rows = await queries.ChildrenAsync(viewer, above.Id, cursor, limit + 1, cancellationToken);
        return TypedResults.Ok(Page<TenantResponse>.Of(rows, limit, TenantResponse.Of, row => row.Id.ToString()));
    }

    private static async Task<Results<Created<TenantResponse>, ProblemHttpResult>> AddAsync(
        HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken)
    {
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, NewTenant.Read);
        if (wanted is null)
            return wrong!;

        if (await scope.FindAsync(context, wanted.Parent ?? TenantScope.ViewerOf(context).ToString(), cancellationToken) is not { } above)
            return Problems.TenantNotFound;
        if (above.Depth >= MaxDepth)
            return Problems.Invalid(new Dictionary<string, string> { ["parent"] = $"stands at the deepest of {MaxDepth} levels" });

        var id = await admin.As(TenantScope.ActorOf(context))
            .AddTenantAsync(wanted.Name!, above.Currency, above.Id, wanted.MaxSessions, wanted.MaxSessionSeconds, cancellationToken);
        var added = await scope.FindAsync(context, id.ToString(), cancellationToken);
        return TypedResults.Created($"/v1/tenants/{id}", TenantResponse.Of(added!));
    }

    private static async Task<Results<Ok<TenantResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, TenantScope scope, CancellationToken cancellationToken) =>
        await scope.FindAsync(context, id, cancellationToken) is { } tenant ? TypedResults.Ok(TenantResponse.Of(tenant)) : Problems.TenantNotFound;

    private static async Task<Results<Ok<TenantResponse>, ProblemHttpResult>> LimitAsync(
        string id, HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        var (wanted, body, wrong) = await JsonBody.ReadAsync(context.Request, TenantLimits.Read);
        if (wanted is null)
            return wrong!;

        var by = admin.As(TenantScope.ActorOf(context));
        if (body!.Has("maxSessions"))
            await by.LimitSessionsAsync(tenant.Id, wanted.MaxSessions, cancellationToken);
        if (body!.Has("maxSessionSeconds"))
            await by.LimitDurationAsync(tenant.Id, wanted.MaxSessionSeconds, cancellationToken);
        return await GetAsync(id, context, scope, cancellationToken);
    }

    private static Task<Results<Ok<TenantResponse>, ProblemHttpResult>> SuspendAsync(
        string id, HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken) =>
        SetSuspendedAsync(id, suspended: true, context, scope, admin, cancellationToken);

    private static Task<Results<Ok<TenantResponse>, ProblemHttpResult>> ResumeAsync(
        string id, HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken) =>
        SetSuspendedAsync(id, suspended: false, context, scope, admin, cancellationToken);

    private static async Task<Results<Ok<TenantResponse>, ProblemHttpResult>> SetSuspendedAsync(
        string id, bool suspended, HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        await admin.As(TenantScope.ActorOf(context)).SuspendAsync(tenant.Id, suspended, cancellationToken);
        return await GetAsync(id, context, scope, cancellationToken);
    }
}
