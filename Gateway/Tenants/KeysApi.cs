using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Keys of a tenant: its own to change, and those above it.</summary>
internal static class KeysApi
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/tenants/{id}/keys").WithTags("Tenants").WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        keys.MapGet("", ListAsync).WithName("ListKeys").WithSummary("Keys of a tenant, newest first, without what makes them keys");
        keys.MapPost("", AddAsync).WithName("AddKey").WithSummary("Make a key; it is shown this once").Accepts<NewKey>("application/json");
        keys.MapDelete("/{keyId}", RevokeAsync).WithName("RevokeKey").WithSummary("Revoke a key: it, its tokens and their sessions end within a second");
    }

    private static async Task<Results<Ok<Page<KeyResponse>>, ProblemHttpResult>> ListAsync(
        string id, HttpContext context, TenantScope scope, TenantQueries queries, CancellationToken cancellationToken, string? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before, out var cursor) is { } problem)
            return problem;
        var rows = await queries.KeysAsync(tenant.Id, cursor, limit + 1, cancellationToken);
        return TypedResults.Ok(Page<KeyResponse>.Of(rows, limit, KeyResponse.Of, row => row.Id.ToString("N")));
    }

    private static async Task<Results<Created<NewKeyResponse>, ProblemHttpResult>> AddAsync(
        string id, HttpContext context, TenantScope scope, TenantAdmin admin, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (body, problem) = await JsonBody.ReadAsync(context.Request);
        if (body is null)
            return problem!;
        var name = body.Text("name", 200, required: true);
        if (body.Problem() is { } wrong)
            return wrong;

        var key = await admin.As(TenantScope.ActorOf(context)).AddKeyAsync(tenant.Id, name!, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/v1/tenants/{tenant.Id}/keys/{key.Id:N}", new NewKeyResponse(key.Id.ToString("N"), name!, key.Key));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string id, string keyId, HttpContext context, TenantScope scope, TenantQueries queries, TenantAdmin admin, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (!Guid.TryParseExact(keyId, "N", out var key) || !await queries.HasKeyAsync(tenant.Id, key, cancellationToken))
            return Problems.KeyNotFound;
        await admin.As(TenantScope.ActorOf(context)).RevokeKeyAsync(key, cancellationToken);
        return TypedResults.NoContent();
    }
}
