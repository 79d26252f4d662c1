using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What a tenant is charged by the one above it: visible to both, set from above.</summary>
internal static class PricesApi
{
    public static void MapPrices(this IEndpointRouteBuilder routes)
    {
        var prices = routes.MapGroup("/v1/tenants/{id}/prices").WithTags("Prices")
            .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        prices.MapGet("", ListAsync).WithName("ListPrices").WithSummary("Versions of what a tenant is charged, newest first: past, running and scheduled");
        prices.MapPost("", SetAsync).WithName("SetPrice")
            .WithSummary("Set what a tenant below is charged, from now or from an instant ahead").Accepts<NewPrice>("application/json");
    }

    private static async Task<Results<Ok<Page<PriceResponse>>, ProblemHttpResult>> ListAsync(
        string id, HttpContext context, TenantScope scope, PriceBook book, TimeProvider time, CancellationToken cancellationToken, long? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before ?? 1) is { } problem)
            return problem;
        var (versions, now) = (await book.ListAsync(tenant.Id, before, limit + 1, cancellationToken), time.GetUtcNow());
        return TypedResults.Ok(Page<PriceResponse>.Of(
            versions, limit, version => PriceResponse.Of(version, tenant.Currency, now), version => version.Id.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<Created<PriceResponse>, ProblemHttpResult>> SetAsync(
        string id, HttpContext context, TenantScope scope, PriceBook book, TimeProvider time, CancellationToken cancellationToken)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, NewPrice.Read);
        if (wanted is null)
            return wrong!;

        var change = await book.SetAsync(tenant.Id, wanted.Model, wanted.ToPrice(), wanted.ValidFrom, TenantScope.ActorOf(context), cancellationToken);
        return change.Refusal switch
        {
            PriceRefusal.Past  => Problems.Invalid(new Dictionary<string, string> { ["validFrom"] = "must not be in the past" }),
            PriceRefusal.Taken => Problems.PriceTaken,
            _                  => TypedResults.Created($"/v1/tenants/{tenant.Id}/prices", PriceResponse.Of(change.Version!, tenant.Currency, time.GetUtcNow())),
        };
    }
}
