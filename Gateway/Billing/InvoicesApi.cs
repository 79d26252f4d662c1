using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Billing;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>Invoices before they are made, at any level of the tree.</summary>
internal static class InvoicesApi
{
    public static void MapInvoices(this IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/invoices/preview", PreviewAsync)
        .WithTags("Invoices")
        .WithName("PreviewInvoice")
        .WithSummary("What the caller or a tenant below would owe for a month")
        .AddEndpointFilter<ApiCallerFilter>();

    private static async Task<Results<Ok<InvoiceResponse>, ProblemHttpResult>> PreviewAsync(
        HttpContext context, TenantScope scope, InvoiceStore invoices, UsageStore usage, TimeProvider time, CancellationToken cancellationToken,
        string? tenant = null, string? month = null)
    {
        if (Span.Month(month, time.GetUtcNow()) is not { } span)
            return Problems.Invalid(new Dictionary<string, string> { ["month"] = "must be a month such as 2026-01" });
        var viewer = TenantScope.ViewerOf(context);
        if (await scope.FindAsync(context, tenant ?? viewer.ToString(), cancellationToken) is not { } owing)
            return Problems.TenantNotFound;

        var lines = await invoices.LinesAsync(owing.Id, span.From, span.To, cancellationToken);
        var tokens = await invoices.TokenLinesAsync(owing.Id, span.From, span.To, cancellationToken);
        var sums = await usage.SumAsync(new UsageScope(viewer, owing.Id, span.From, span.To), groups: [], after: null, limit: 1, cancellationToken);
        return TypedResults.Ok(InvoiceResponse.Of(owing.Id.ToString(), span.From, new Invoice(owing.Currency, lines, tokens), sums[0].Sums));
    }
}
