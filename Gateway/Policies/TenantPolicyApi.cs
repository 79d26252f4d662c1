using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Interfaces.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Policies;

/// <summary>
/// What the clients of a tenant's sessions may do: its own to set, and those above it. Since the stricter of a path counts, a tenant
/// lifts nothing of what is set above it; and what one above has set for it, it does not change.
/// </summary>
internal static class TenantPolicyApi
{
    /// <summary>The largest body, in bytes; with what its secrets grow by it fits into a document.</summary>
    private const int MaxBody = 32 * 1024;

    public static void MapTenantPolicy(this IEndpointRouteBuilder routes)
    {
        var policy = routes.MapGroup("/v1/tenants/{id}/policy").WithTags("Policies").WithMetadata(new RequestSizeLimitAttribute(MaxBody)).AddEndpointFilter<ApiCallerFilter>();
        policy.MapGet("", GetAsync).WithName("GetTenantPolicy")
            .WithSummary("What clients of a tenant's sessions may do, and what counts with what is set above; the header ETag names the version");
        policy.MapPut("", PutAsync).WithName("PutTenantPolicy")
            .WithSummary("Set it, if If-Match names the version that stands, or If-None-Match: * if there is none; counts for sessions that begin 2 s later")
            .Accepts<PoliciesBody>("application/json");
        policy.MapDelete("", DeleteAsync).WithName("ClearTenantPolicy").WithSummary("Clear it, if If-Match names the version that stands");
    }

    private static async Task<Results<Ok<TenantPolicyResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, TenantScope scope, TenantQueries queries, PoliciesOfPath policies, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        return await TellAsync(context, tenant, await policies.Of(tenant.Id).GetAsync(cancellationToken), queries, policies, cancellationToken);
    }

    private static async Task<Results<Ok<TenantPolicyResponse>, ProblemHttpResult>> PutAsync(
        string id, HttpContext context, TenantScope scope, TenantQueries queries, PoliciesOfPath policies, WebhookSecrets secrets, CancellationToken cancellationToken,
        [FromHeader(Name = "If-Match")] string? ifMatch = null, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch = null)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (wanted, wrong) = await ReadAsync(context.Request);
        if (wanted is null)
            return wrong!;

        // Its secrets do not leave this process but encrypted.
        var standing = await policies.Of(tenant.Id).GetAsync(cancellationToken);
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        var kept = secrets.Protect(wanted, standing.Policies, errors);
        if (errors.Count > 0)
            return Problems.Invalid(errors);

        var (change, problem) = await ChangeAsync(context, tenant, kept, policies, ifMatch, ifNoneMatch, cancellationToken);
        return change is null ? problem! : await TellAsync(context, tenant, change.Standing, queries, policies, cancellationToken);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, HttpContext context, TenantScope scope, PoliciesOfPath policies, CancellationToken cancellationToken, [FromHeader(Name = "If-Match")] string? ifMatch = null)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var (change, problem) = await ChangeAsync(context, tenant, wanted: null, policies, ifMatch, ifNoneMatch: null, cancellationToken);
        return change is null ? problem! : TypedResults.NoContent();
    }

    private static async Task<(PoliciesChange? Change, ProblemHttpResult? Problem)> ChangeAsync(
        HttpContext context, TenantRow tenant, TenantPolicies? wanted, PoliciesOfPath policies, string? ifMatch, string? ifNoneMatch, CancellationToken cancellationToken)
    {
        if (Precondition.Read(ifMatch, ifNoneMatch) is not { } condition)
            return (null, Problems.ConditionRequired);
        var grain = policies.Of(tenant.Id);
        var etag = condition.ETag;
        if (condition.IsFirst)
        {
            var standing = await grain.GetAsync(cancellationToken);
            if (standing.Policies is not null)
                return (null, Problems.ConditionFailed);
            etag = standing.ETag;
        }

        var change = await grain.ChangeAsync(new PoliciesWish(wanted, DepthOf(context), etag, TenantScope.ActorOf(context)), cancellationToken);
        policies.Forget(tenant.Id);
        return change.Outcome switch
        {
            SettingsOutcome.Stale    => (null, Problems.ConditionFailed),
            SettingsOutcome.SetAbove => (null, Problems.SetAbove),
            _                        => (change, null),
        };
    }

    private static async Task<(TenantPolicies? Wanted, ProblemHttpResult? Problem)> ReadAsync(HttpRequest request)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var body = await JsonDocument.ParseAsync(
                request.Body, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false }, request.HttpContext.RequestAborted);
            return PolicyJson.Read(body.RootElement, errors) is { } read ? (read, null) : (null, Problems.Invalid(errors));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, Problems.BodyTooLarge);
        }
        catch (JsonException)
        {
            return (null, Problems.Invalid(new Dictionary<string, string> { ["body"] = "must be a JSON object of Unicode text" }));
        }
    }

    private static async Task<Ok<TenantPolicyResponse>> TellAsync(
        HttpContext context, TenantRow tenant, StandingPolicies standing, TenantQueries queries, PoliciesOfPath policies, CancellationToken cancellationToken)
    {
        var path = await queries.PathAsync(tenant.Id, cancellationToken);
        var above = await policies.ReadAsync([.. path.Where(one => one != tenant.Id)], cancellationToken);
        context.Response.Headers.ETag = Precondition.HeaderOf(standing.ETag);
        return TypedResults.Ok(TenantPolicyResponse.Of(standing, DepthOf(context), [.. above.Append(standing).Select(one => one.Policies?.Policy).OfType<FramePolicy>()]));
    }

    private static int DepthOf(HttpContext context) => ApiCallerFilter.CallerOf(context).Tenant.Path.Count;
}

/// <summary>Policies as they stand; the header <c>ETag</c> names their version.</summary>
/// <param name="Policy">What is set for this very tenant; null when nothing is.</param>
/// <param name="Named">What its tokens may name.</param>
/// <param name="SetAbove">Whether one above the caller has set it, so that the caller cannot change it.</param>
/// <param name="Enforced">What counts: with what is set above this tenant, the stricter.</param>
/// <param name="DryRun">What is only recorded.</param>
internal sealed record TenantPolicyResponse(FramePolicy? Policy, IReadOnlyList<NamedPolicy> Named, bool SetAbove, EffectivePolicy? Enforced, EffectivePolicy? DryRun)
{
    public static TenantPolicyResponse Of(StandingPolicies standing, int depth, IReadOnlyList<FramePolicy> path)
    {
        var shown = standing.Policies?.EachModeration(moderation => moderation with { Secret = null });
        return new TenantPolicyResponse(
            shown?.Policy, shown?.Named ?? [], !TenantSettings.MayBeChangedFrom(depth, standing.SetAtDepth),
            EffectivePolicy.Of(path, PolicyMode.Enforce), EffectivePolicy.Of(path, PolicyMode.DryRun));
    }
}

/// <summary>Policies of a path, combined.</summary>
/// <param name="Rules">The stricter of each rule.</param>
/// <param name="Webhooks">How many webhooks are asked; whose they are is theirs to know.</param>
internal sealed record EffectivePolicy(FramePolicy Rules, int Webhooks)
{
    public static EffectivePolicy? Of(IReadOnlyList<FramePolicy> path, PolicyMode mode) =>
        PolicyCombination.Of(path, mode) is { } combined ? new EffectivePolicy(combined.Rules, combined.Moderations.Count) : null;
}
