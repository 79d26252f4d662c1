using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Sessions for clients that hold no WebSocket, in plain JSON: an offer opens one, candidates follow by PATCH, prompts and
/// pictures by POST, and what the provider says is read as server-sent events.
/// </summary>
internal static class JsonSessionsApi
{
    private const string Path = "/v1/sessions";

    public static void MapJsonSessions(this IEndpointRouteBuilder routes)
    {
        var sessions = routes.MapGroup(Path).WithTags("Sessions over HTTP").AddEndpointFilter<BrowserAccess>();
        sessions.MapPost("", (HttpContext context, OpenedSessions opened) => opened.OpenAsync(context, SignalForm.Json, Path, tag => tag))
            .WithName("OpenSession").WithSummary("Open a session with an SDP offer; the answer is in the response")
            .WithDescription("The offer is an object of type `offer`, or its `sdp` as plain text. The provider's candidates, and all else it says, are events. "
                + "A prompt or image to begin with is looked at by the provider first; one that is refused opens no session.")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxLarge))
            .Reads<OfferMessage>().Produces<OpenedResponse>(StatusCodes.Status201Created);
        sessions.MapPatch("/{id}", TrickleAsync)
            .WithName("AddCandidates").WithSummary("Add ICE candidates; null among them ends the list")
            .WithDescription("`If-Match` names the ETag of the answer that opened the session; it stays the same.")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxSmall))
            .Reads<CandidatesMessage>().Produces(StatusCodes.Status204NoContent);
        sessions.MapPost("/{id}/prompt", (string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender) =>
                SignalRequests.AskAsync(id, context, calls, bodies, sender, SignalForm.Json, anyForm: true, PromptRequest.ReadPrompt))
            .WithName("SayPrompt").WithSummary("Change the prompt; answers what the provider says to it")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxSmall))
            .Reads<PromptMessage>().Produces<PromptResponse>();
        sessions.MapPost("/{id}/image", (string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender) =>
                SignalRequests.AskAsync(id, context, calls, bodies, sender, SignalForm.Json, anyForm: true, PromptRequest.ReadImage))
            .WithName("SetImage").WithSummary("Set the reference image, or take it away; answers what the provider says to it")
            .WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxLarge))
            .Reads<ImageMessage>().Produces<PromptResponse>();
        sessions.MapGet("/{id}/events", EventsAsync)
            .WithName("ReadEvents").WithSummary("What the provider says, as server-sent events")
            .WithDescription("From the event after `Last-Event-ID`, or from `from`, or all that is kept. Events: candidate, session.updated, generation.started, generation.tick, "
                + "generation.ended, error, gap, session.ended. `event_token` in the query stands for a credential.")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream");
        BrowserAccess.MapOptions(routes, Path, "GET, POST, OPTIONS");
        BrowserAccess.MapOptions(routes, Path + "/{id}", "GET, PATCH, DELETE, OPTIONS");
        BrowserAccess.MapOptions(routes, Path + "/{id}/{part}", "GET, POST, OPTIONS");
    }

    private static async Task<IResult> TrickleAsync(string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender)
    {
        var (call, problem) = await calls.FindAsync(context, id, form: null);
        if (call is null)
            return problem!;
        if (EntityTags.Match(context.Request.Headers.IfMatch, call.Http.Tag) is var match and not (TagMatch.Current or TagMatch.Any))
            return match is TagMatch.Missing ? SignalProblems.TagRequired : SignalProblems.TagStale;
        return await bodies.WithJsonAsync(context.Request, isOurForm: true, CandidatesBody.Read, async body =>
            (await sender.TrickleAsync(context, call, body.Candidates, body.IsEnd)).Problem ?? TypedResults.NoContent());
    }

    private static async Task<IResult> EventsAsync(string id, HttpContext context, SessionCalls calls, EventStreams streams)
    {
        var (call, problem) = await SignalRequests.FindReaderAsync(id, context, calls, form: null);
        return call is null ? problem! : await streams.StreamAsync(context, call, SignalForm.Json);
    }
}

/// <summary>What the forms of HTTP signaling have in common.</summary>
internal static class SignalRequests
{
    /// <summary>A prompt or a picture.</summary>
    public static async Task<IResult> AskAsync(
        string id, HttpContext context, SessionCalls calls, SignalBody bodies, SignalSender sender, SignalForm form, bool anyForm,
        Func<System.Text.Json.JsonElement, bool, Dictionary<string, string>, PromptRequest?> read)
    {
        var (call, problem) = await calls.FindAsync(context, id, anyForm ? null : form);
        if (call is null)
            return problem!;
        return await bodies.WithJsonAsync(context.Request, form == SignalForm.Json, read, wish => sender.AskAsync(context, call, wish));
    }

    /// <summary>The session of somebody who reads its events, with the token of those or with a credential.</summary>
    public static Task<(SessionCall? Call, IResult? Problem)> FindReaderAsync(string id, HttpContext context, SessionCalls calls, SignalForm? form) =>
        context.Request.Query["event_token"] is [{ Length: > 0 } token, ..] ? calls.FindByTokenAsync(context, id, token, form) : calls.FindAsync(context, id, form);
}
