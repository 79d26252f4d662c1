using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Sessions.Http;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions;

/// <summary>What a tenant sees of its sessions, and how it ends one. Everything below a tenant is its own; all else does not exist.</summary>
internal static class SessionsApi
{
    private const int MaxPage = 200;

    /// <summary>How long an ending waits for the session to be over before it answers that it will be.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(3);

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        var sessions = routes.MapGroup("/v1/sessions").WithTags("Sessions").AddEndpointFilter<ApiCallerFilter>();
        sessions.MapGet("", ListAsync).WithName("ListSessions").WithSummary("Sessions, newest first");
        sessions.MapGet("/{id}", GetAsync).WithName("GetSession").WithSummary("One session: where it is, its seconds and its charge so far");
        sessions.MapGet("/{id}/timeline", TimelineAsync).WithName("GetTimeline").WithSummary("What happened to a session, in order");
        routes.MapGroup("/v1/sessions").WithTags("Sessions").AddEndpointFilter<BrowserAccess>().AddEndpointFilter<EnderFilter>()
            .MapDelete("/{id}", EndAsync).WithName("EndSession").WithSummary("End a session for good, the provider's too");
    }

    private static async Task<Results<Ok<SessionPage>, ProblemHttpResult>> ListAsync(
        HttpContext context, ISessionQueries queries, CancellationToken cancellationToken, int limit = 50, string? before = null, bool live = false)
    {
        SessionId? cursor = null;
        if (before is not null)
        {
            if (!SessionId.TryParse(before, provider: null, out var parsed))
                return Problems.Invalid(new Dictionary<string, string> { ["before"] = "must be the id of a session" });
            cursor = parsed;
        }

        if (limit is < 1 or > MaxPage)
            return Problems.Invalid(new Dictionary<string, string> { ["limit"] = $"must be from 1 to {MaxPage}" });

        var rows = await queries.ListAsync(ViewerOf(context), live, cursor, limit + 1, cancellationToken);
        return TypedResults.Ok(SessionPage.Of(rows, limit));
    }

    private static async Task<Results<Ok<SessionResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, ISessionQueries queries, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, queries, cancellationToken) is not { } row)
            return Problems.SessionNotFound;
        return TypedResults.Ok(SessionResponse.Of(row, await queries.GenerationsAsync(row.Id, cancellationToken)));
    }

    private static async Task<Results<Ok<TimelineResponse>, ProblemHttpResult>> TimelineAsync(
        string id, HttpContext context, ISessionQueries queries, CancellationToken cancellationToken, int after = 0, int limit = 200)
    {
        if (limit is < 1 or > 1000 || after < 0)
            return Problems.Invalid(new Dictionary<string, string> { ["limit"] = "must be from 1 to 1000", ["after"] = "must not be negative" });
        if (await FindAsync(id, context, queries, cancellationToken) is not { } row)
            return Problems.SessionNotFound;
        return TypedResults.Ok(TimelineResponse.Of(await queries.TimelineAsync(row.Id, after, limit, cancellationToken)));
    }

    /// <summary>
    /// Ends a session wherever it lives. The wish is a row first, which its owner reads; where the owner is this process it is
    /// told at once. 204: it is over. 202: it will be, within a second or two.
    /// </summary>
    private static async Task<Results<NoContent, Accepted, ProblemHttpResult>> EndAsync(
        string id, HttpContext context, ISessionQueries queries, SessionRegistry registry, IGrains grains, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, queries, cancellationToken) is not { } row)
            return Problems.SessionNotFound;
        if (row.EndedAt is not null)
            return TypedResults.NoContent();

        await queries.RequestEndAsync(row.Id, CloseCode.EndedByTenant, cancellationToken);
        if (!registry.TryGet(row.Id, out var relay))
            return TypedResults.Accepted((string?)null);

        await grains.Get<ISessionGrain>(row.Id.ToString()).CloseAsync(CloseCode.EndedByTenant, cancellationToken);
        try
        {
            await relay.Completion.WaitAsync(EndTimeout, time, cancellationToken);
            return TypedResults.NoContent();
        }
        catch (TimeoutException)
        {
            return TypedResults.Accepted((string?)null);
        }
    }

    private static async Task<SessionRow?> FindAsync(string id, HttpContext context, ISessionQueries queries, CancellationToken cancellationToken) =>
        SessionId.TryParse(id, provider: null, out var session) ? await queries.FindAsync(ViewerOf(context), session, cancellationToken) : null;

    private static TenantId ViewerOf(HttpContext context) => ApiCallerFilter.CallerOf(context).Tenant.Id;
}
