using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What a tenant is charged for tokens by the one above it: visible to both, set from above.</summary>
internal static class TokenPricesApi
{
    public static void MapTokenPrices(this IEndpointRouteBuilder routes)
    {
        var prices = routes.MapGroup("/v1/tenants/{id}/token-prices").WithTags("Prices")
            .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        prices.MapGet("", ListAsync).WithName("ListTokenPrices").WithSummary("Versions of what a tenant is charged for tokens, newest first: past, running and scheduled");
        prices.MapPost("", SetAsync).WithName("SetTokenPrice")
            .WithSummary("Set what a tenant below is charged for a million tokens of each kind, from now or from an instant ahead").Accepts<NewTokenPrice>("application/json");
    }

    private static async Task<Results<Ok<Page<TokenPriceResponse>>, ProblemHttpResult>> ListAsync(
        string id, HttpContext context, TenantScope scope, TokenPriceBook book, TimeProvider time, CancellationToken cancellationToken, long? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before ?? 1) is { } problem)
            return problem;
        var (versions, now) = (await book.ListAsync(tenant.Id, before, limit + 1, cancellationToken), time.GetUtcNow());
        return TypedResults.Ok(Page<TokenPriceResponse>.Of(
            versions, limit, version => TokenPriceResponse.Of(version, now), version => version.Id.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<Created<TokenPriceResponse>, ProblemHttpResult>> SetAsync(
        string id, HttpContext context, TenantScope scope, TokenPriceBook book, TimeProvider time, CancellationToken cancellationToken)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, NewTokenPrice.Read);
        if (wanted is null)
            return wrong!;

        var change = await book.SetAsync(tenant.Id, wanted.Model, wanted.ToPrice(), wanted.ValidFrom, TenantScope.ActorOf(context), cancellationToken);
        return change.Refusal switch
        {
            PriceRefusal.Past  => Problems.Invalid(new Dictionary<string, string> { ["validFrom"] = "must not be in the past" }),
            PriceRefusal.Taken => Problems.PriceTaken,
            _                  => TypedResults.Created($"/v1/tenants/{tenant.Id}/token-prices", TokenPriceResponse.Of(change.Version!, time.GetUtcNow())),
        };
    }
}
