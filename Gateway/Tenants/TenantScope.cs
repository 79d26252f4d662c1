using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// What of the tree a caller may see and change: it sees itself and all below it, and changes what is strictly below it; nobody
/// lifts a limit, sets a price or fills a wallet of its own. Everything else does not exist.
/// </summary>
internal sealed class TenantScope(TenantQueries queries)
{
    /// <summary>The tenant with this id, if the caller sees it.</summary>
    public async Task<TenantRow?> FindAsync(HttpContext context, string id, CancellationToken cancellationToken) =>
        Guid.TryParseExact(id, "N", out var tenant) ? await queries.FindAsync(ViewerOf(context), new TenantId(tenant), cancellationToken) : null;

    /// <summary>The tenant with this id, if the caller may change it: one strictly below; else why not.</summary>
    public async Task<(TenantRow? Tenant, ProblemHttpResult? Problem)> FindBelowAsync(HttpContext context, string id, CancellationToken cancellationToken) =>
        await FindAsync(context, id, cancellationToken) is not { } tenant ? (null, Problems.TenantNotFound)
        : IsSelf(context, tenant) ? (null, Problems.AboveOnly)
        : (tenant, null);

    /// <summary>Who calls.</summary>
    public static TenantId ViewerOf(HttpContext context) => ApiCallerFilter.CallerOf(context).Tenant.Id;

    /// <summary>Whether the tenant is the caller itself, who may look but not change.</summary>
    public static bool IsSelf(HttpContext context, TenantRow tenant) => ViewerOf(context) == tenant.Id;

    /// <summary>Who calls, as the audit names it.</summary>
    public static string ActorOf(HttpContext context) => $"key:{ApiCallerFilter.CallerOf(context).Credential.KeyId:N}";
}
