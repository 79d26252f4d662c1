using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>
/// Where a tenant's usage goes: to sinks of its own, and to those of tenants above that bill it. Who added a target sees and
/// retires it, and so do those above; what was added further up does not exist for it.
/// </summary>
internal static class ExportTargetsApi
{
    public static void MapExportTargets(this IEndpointRouteBuilder routes)
    {
        var targets = routes.MapGroup("/v1/tenants/{id}/export-targets").WithTags("Export").WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes))
            .AddEndpointFilter<ApiCallerFilter>();
        targets.MapGet("", ListAsync).WithName("ListExportTargets").WithSummary("Where a tenant's usage goes, newest first, and how that stands");
        targets.MapPost("", AddAsync).WithName("AddExportTarget").WithSummary("Send a tenant's usage from now on to Stripe with your key, or to your endpoint")
            .Accepts<NewTarget>("application/json");
        targets.MapDelete("/{targetId}", RetireAsync).WithName("RetireExportTarget").WithSummary("Send nothing of what is recorded from now on; what was before still goes out");
    }

    private static async Task<Results<Ok<Page<ExportTargetResponse>>, ProblemHttpResult>> ListAsync(
        string id, HttpContext context, TenantScope scope, ExportTargetQueries queries, CancellationToken cancellationToken, string? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before, out var cursor) is { } problem)
            return problem;
        var rows = await queries.ListAsync(TenantScope.ViewerOf(context), tenant.Id, cursor, limit + 1, cancellationToken);
        return TypedResults.Ok(Page<ExportTargetResponse>.Of(rows, limit, ExportTargetResponse.Of, row => row.Id.ToString("N")));
    }

    private static async Task<Results<Created<ExportTargetResponse>, ProblemHttpResult>> AddAsync(
        string id, HttpContext context, TenantScope scope, ExportTargetAdmin admin, ExportTargetQueries queries, UsageSinks sinks, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (body, problem) = await JsonBody.ReadAsync(context.Request);
        if (body is null)
            return problem!;
        var wanted = NewTarget.Read(body);
        if (wanted.Kind is { } kind)
            wanted.Check(body, sinks[kind]);
        if (body.Problem() is { } wrong)
            return wrong;

        var viewer = TenantScope.ViewerOf(context);
        var change = await admin.As(TenantScope.ActorOf(context)).TryAddAsync(wanted.ToTarget(tenant.Id, viewer), cancellationToken);
        if (change.Refusal is { } refusal)
            return refusal is ExportTargetRefusal.Exists ? Problems.ExportTargetExists : Problems.TooManyExportTargets;
        var added = await queries.FindAsync(viewer, tenant.Id, change.Id!.Value, cancellationToken);
        return TypedResults.Created($"/v1/tenants/{tenant.Id}/export-targets/{change.Id:N}", ExportTargetResponse.Of(added!));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RetireAsync(
        string id, string targetId, HttpContext context, TenantScope scope, ExportTargetAdmin admin, ExportTargetQueries queries, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (!Guid.TryParseExact(targetId, "N", out var target) || await queries.FindAsync(TenantScope.ViewerOf(context), tenant.Id, target, cancellationToken) is null)
            return Problems.ExportTargetNotFound;
        await admin.As(TenantScope.ActorOf(context)).RetireAsync(target, cancellationToken);
        return TypedResults.NoContent();
    }
}
