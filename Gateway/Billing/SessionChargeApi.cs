using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>Why this charge: everything that a session's cost follows from, in one answer.</summary>
internal static class SessionChargeApi
{
    private const int MaxRanges = 1_000;

    public static void MapSessionCharge(this IEndpointRouteBuilder routes) => routes
        .MapGet("/v1/sessions/{id}/charge", GetAsync)
        .WithTags("Sessions")
        .WithName("GetSessionCharge")
        .WithSummary("Why a session costs what it costs: spans, runs, ledger, prices, holds")
        .AddEndpointFilter<ApiCallerFilter>();

    private static async Task<Results<Ok<SessionChargeResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, TenantScope scope, ISessionQueries sessions, ChargeStore charges, TokenChargeStore tokens,
        CancellationToken cancellationToken, long after = 0, int limit = 500, long afterResponse = 0)
    {
        if (limit is < 1 or > MaxRanges || after < 0 || afterResponse < 0)
            return Problems.Invalid(new Dictionary<string, string> { ["limit"] = $"must be from 1 to {MaxRanges}", ["after"] = "must be what an answer said comes next" });
        var viewer = TenantScope.ViewerOf(context);
        if (!SessionId.TryParse(id, provider: null, out var session) || await sessions.FindAsync(viewer, session, cancellationToken) is not { } row
            || await scope.FindAsync(context, row.Tenant.ToString(), cancellationToken) is not { } tenant)
        {
            return Problems.SessionNotFound;
        }

        var spans = await charges.SpansAsync(session, cancellationToken);
        var runs = await charges.RunsAsync(viewer, session, cancellationToken);
        var ranges = await charges.RangesAsync(viewer, session, after, limit + 1, cancellationToken);
        var meters = await tokens.MetersAsync(viewer, session, cancellationToken);
        var responses = await tokens.ResponsesAsync(viewer, session, afterResponse, limit + 1, cancellationToken);
        var hold = await charges.HoldAsync(viewer, session, cancellationToken);
        var corrections = await charges.CorrectionsAsync(viewer, session, cancellationToken);
        var exports = await charges.ExportsAsync(viewer, session, cancellationToken);
        return TypedResults.Ok(new SessionChargeResponse(
            row.Id.ToString(),
            row.Tenant.ToString(),
            tenant.Currency,
            [.. spans.Select(span => new SessionChargeResponse.Span(span.Phase, span.From, span.To))],
            [.. runs.Select(run => SessionChargeResponse.Run.Of(run, tenant.Currency))],
            [.. ranges.Take(limit).Select(SessionChargeResponse.Range.Of)],
            hold is null ? null : SessionChargeResponse.Held.Of(hold, tenant.Currency),
            [.. corrections.Select(correction => SessionChargeResponse.Correction.Of(correction, tenant.Currency))],
            [.. meters.Select(meter => SessionTokens.Meter.Of(meter, tenant.Currency))],
            [.. responses.Take(limit).Select(SessionTokens.Response.Of)],
            SessionChargeResponse.TotalsOf(runs, meters, tenant.Currency),
            [.. exports.Select(SessionChargeResponse.Exported.Of)],
            IsCut: spans.Count == ChargeStore.MaxRows || runs.Count == ChargeStore.MaxRows || exports.Count == ChargeStore.MaxRows,
            ranges.Count > limit ? ranges[limit - 1].Id.ToString(CultureInfo.InvariantCulture) : null,
            responses.Count > limit ? responses[limit - 1].Row.ToString(CultureInfo.InvariantCulture) : null));
    }
}
