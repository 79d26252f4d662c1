using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Decart's dialect C for its clients: the same as our own JSON form in the provider's words. The entity tag changes with every
/// PATCH, and only the credential that opened a session may use it.
/// </summary>
internal static class DecartSessionsApi
{
    private const string Path = "/v1/realtime/sessions";

    public static void MapDecartSessions(this IEndpointRouteBuilder routes)
    {
        var sessions = routes.MapGroup(Path).WithTags("Realtime over HTTP").AddEndpointFilter<BrowserAccess>();
        sessions.MapPost("", (HttpContext context, OpenedSessions opened) => opened.OpenAsync(context, SignalForm.Decart, Path, tag => TagOf(tag, 0)))
            .WithName("OpenRealtimeSession").WithSummary("Open a session with an SDP offer, as SDKs without a WebSocket do")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxLarge))
            .Reads<OfferMessage>().Produces<OpenedResponse>(StatusCodes.Status201Created);
        sessions.MapPatch("/{id}", TrickleAsync)
            .WithName("AddRealtimeCandidates").WithSummary("Add ICE candidates; the ETag changes each time")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxSmall))
            .Reads<CandidatesMessage>().Produces(StatusCodes.Status204NoContent);
        sessions.MapPost("/{id}/prompt", (string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender) =>
                SignalRequests.AskAsync(id, context, calls, bodies, sender, SignalForm.Decart, anyForm: false, PromptRequest.ReadPrompt))
            .WithName("SayRealtimePrompt").WithSummary("Change the prompt")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxSmall))
            .Reads<PromptMessage>().Produces<PromptResponse>();
        sessions.MapPost("/{id}/image", (string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender) =>
                SignalRequests.AskAsync(id, context, calls, bodies, sender, SignalForm.Decart, anyForm: false, PromptRequest.ReadImage))
            .WithName("SetRealtimeImage").WithSummary("Set the reference image, or take it away")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxLarge))
            .Reads<ImageMessage>().Produces<PromptResponse>();
        sessions.MapGet("/{id}/events", EventsAsync)
            .WithName("ReadRealtimeEvents").WithSummary("Candidates and errors, as server-sent events")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream");
        sessions.MapDelete("/{id}", EndAsync)
            .WithName("EndRealtimeSession").WithSummary("End the session; answers what it was billed for")
            .Produces<EndedResponse>();
        BrowserAccess.MapOptions(routes, Path, "POST, OPTIONS");
        BrowserAccess.MapOptions(routes, Path + "/{id}", "PATCH, DELETE, OPTIONS");
        BrowserAccess.MapOptions(routes, Path + "/{id}/{part}", "GET, POST, OPTIONS");
    }

    private static async Task<IResult> TrickleAsync(string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender)
    {
        var (call, problem) = await calls.FindAsync(context, id, SignalForm.Decart);
        if (call is null)
            return problem!;
        var revision = call.Look.Revision;
        var match = EntityTags.Match(context.Request.Headers.IfMatch, TagOf(call.Http.Tag, revision));
        if (match is TagMatch.Missing or TagMatch.Stale)
            return match is TagMatch.Missing ? SignalProblems.TagRequired : SignalProblems.TagStale;
        return await bodies.WithJsonAsync(context.Request, isOurForm: false, CandidatesBody.Read, async body =>
        {
            // With the revision, so that of two at once only one is taken, in whatever process they are.
            var (next, refused) = await sender.TrickleAsync(context, call, body.Candidates, body.IsEnd, match is TagMatch.Any ? null : revision);
            if (refused is not null)
                return refused;
            context.Response.Headers.ETag = EntityTags.Quote(TagOf(call.Http.Tag, next));
            return TypedResults.NoContent();
        });
    }

    private static async Task<IResult> EventsAsync(string id, HttpContext context, SessionCalls calls, EventStreams streams)
    {
        var (call, problem) = await SignalRequests.FindReaderAsync(id, context, calls, SignalForm.Decart);
        return call is null ? problem! : await streams.StreamAsync(context, call, SignalForm.Decart);
    }

    private static async Task<IResult> EndAsync(string id, HttpContext context, SessionCalls calls, SessionEnding ending)
    {
        var (call, problem) = await calls.FindAsync(context, id, SignalForm.Decart);
        if (call is null)
            // As the original: what is over is not there.
            return problem is Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult { StatusCode: StatusCodes.Status410Gone } ? Problems.SessionNotFound : problem!;
        if (await ending.EndAsync(call, context.RequestAborted) is not { EndedAt: { } endedAt } row)
            return SignalProblems.Refused(context, CloseCode.StorageUnavailable);
        return TypedResults.Ok(new EndedResponse(
            row.Id.ToString(), Math.Round((decimal)(endedAt - row.CreatedAt).TotalSeconds, 3), row.GeneratedMs / 1000m, row.CloseCode?.Entry().Name ?? "client_closed"));
    }

    private static string TagOf(string tag, long revision) => string.Create(CultureInfo.InvariantCulture, $"{tag}-{revision}");
}
