using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What an observer shall be let do.</summary>
/// <param name="Grants">Of <c>read</c>, <c>steer</c> and <c>end</c>; <c>read</c> by default.</param>
/// <param name="ExpiresIn">For how long, 1 to 86,400 seconds; an hour by default.</param>
internal sealed record NewObserver(IReadOnlyList<string>? Grants, int? ExpiresIn)
{
    private static readonly Dictionary<string, ObserverGrants> Known = new(StringComparer.Ordinal)
    {
        ["read"] = ObserverGrants.Read, ["steer"] = ObserverGrants.Steer, ["end"] = ObserverGrants.End,
    };

    public static NewObserver Read(JsonBody body)
    {
        var read = new NewObserver(body.Texts("grants", Known.Count, 10), (int?)body.Whole("expiresIn", 1, 86_400));
        if (read.Grants is { } grants && (grants.Count == 0 || grants.Any(grant => !Known.ContainsKey(grant))))
            body.Wrong("grants", "must be a list of read, steer and end");
        return read;
    }

    public ObserverGrants ToGrants() => (Grants ?? []).Aggregate(ObserverGrants.Read, (all, grant) => all | Known[grant]);
}

/// <summary>A token that watches one session. It is shown this once.</summary>
internal sealed record ObserverTokenResponse(string Token, IReadOnlyList<string> Grants, DateTimeOffset ExpiresAt);

/// <summary><c>POST /v1/sessions/{id}/observers</c>: lets somebody watch who holds no API key.</summary>
internal static class ObserverTokensApi
{
    private static readonly TimeSpan Usual = TimeSpan.FromHours(1);

    public static void MapObserverTokens(this IEndpointRouteBuilder routes) => routes
        .MapPost("/v1/sessions/{id}/observers", CreateAsync)
        .WithTags("Sessions")
        .WithName("CreateObserver")
        .WithSummary("Make a token that watches one session, and with steer or end does so; it opens nothing else")
        .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes))
        .Accepts<NewObserver>("application/json")
        .AddEndpointFilter<ApiCallerFilter>();

    private static async Task<Results<Ok<ObserverTokenResponse>, ProblemHttpResult>> CreateAsync(
        string id, HttpContext context, ISessionQueries queries, ObserverTokens tokens, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = ApiCallerFilter.CallerOf(context);
        if (!SessionId.TryParse(id, provider: null, out var session) || await queries.FindAsync(caller.Tenant.Id, session, cancellationToken) is null)
            return Problems.SessionNotFound;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, NewObserver.Read);
        if (wanted is null)
            return wrong!;

        var grants = wanted.ToGrants();
        var lasts = wanted.ExpiresIn is { } seconds ? TimeSpan.FromSeconds(seconds) : Usual;
        var token = new ObserverToken(session, caller.Credential.KeyId, grants, DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()) + lasts);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new ObserverTokenResponse(tokens.Write(token), ObserverMessages.Words(grants), token.ExpiresAt));
    }
}
