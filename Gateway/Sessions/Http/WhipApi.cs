using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// WHIP (RFC 9725) for any provider whose dialect carries an offer and an answer. The provider's candidates are gathered into the
/// answer, since the protocol has no word for later ones. Beyond the protocol the answer may send media too: a client that
/// applies it, as clients do, sees what is generated. ICE is not restarted.
/// </summary>
internal static class WhipApi
{
    private const string Sessions = "/whip/sessions";
    private const string Methods = "GET, POST, OPTIONS";
    private const string SessionMethods = "GET, PATCH, DELETE, OPTIONS";

    public static void MapWhip(this IEndpointRouteBuilder routes)
    {
        var whip = routes.MapGroup("/whip").WithTags("WHIP").AddEndpointFilter<BrowserAccess>().WithMetadata(new RequestSizeLimitAttribute(SignalBody.MaxSmall));
        whip.MapPost("", (HttpContext context, SessionOpener opener) => OpenAsync(context.Request.Query["model"].ToString(), context, opener))
            .WithName("OpenWhip").WithSummary("Open a session with an SDP offer (RFC 9725); the model is in the query").Reads(SdpText.MediaType)
            .Produces<string>(StatusCodes.Status201Created, SdpText.MediaType);
        whip.MapPost("/{model}", OpenAsync).WithName("OpenWhipOfModel").WithSummary("Open a session of that model with an SDP offer (RFC 9725)").Reads(SdpText.MediaType)
            .Produces<string>(StatusCodes.Status201Created, SdpText.MediaType);
        whip.MapPatch("/sessions/{id}", TrickleAsync).WithName("TrickleWhip").WithSummary("Add ICE candidates, as an SDP fragment (RFC 8840)").Reads(IceFragment.MediaType)
            .Produces(StatusCodes.Status204NoContent);
        whip.MapDelete("/sessions/{id}", EndAsync).WithName("EndWhip").WithSummary("End the session");
        whip.MapGet("", () => TypedResults.NoContent()).ExcludeFromDescription();
        whip.MapGet("/{model}", (string model) => TypedResults.NoContent()).ExcludeFromDescription();
        whip.MapGet("/sessions/{id}", LookAsync).ExcludeFromDescription();
        BrowserAccess.MapOptions(routes, "/whip", Methods, SdpText.MediaType);
        BrowserAccess.MapOptions(routes, "/whip/{model}", Methods, SdpText.MediaType);
        BrowserAccess.MapOptions(routes, Sessions + "/{id}", SessionMethods);
    }

    private static async Task<IResult> OpenAsync(string model, HttpContext context, SessionOpener opener)
    {
        var (newcomer, problem) = await opener.KnockAsync(context);
        if (newcomer is null)
            return problem!;
        if (!IsType(context, SdpText.MediaType))
            return SignalProblems.WrongType(context, SdpText.MediaType);
        var (sdp, unread) = await SignalBody.TextAsync(context.Request, SdpText.MaxLength);
        if (sdp is null)
            return unread!;
        if (!SdpText.IsOffer(sdp) || SdpText.SendsNothing(sdp))
            return SignalProblems.BadOffer;

        var (opened, refused) = await opener.OpenAsync(context, newcomer, SignalForm.Whip, new OfferRequest(model, sdp));
        if (opened is null)
            return refused!;
        context.Response.Headers.ETag = EntityTags.Quote(opened.Tag);
        context.Response.Headers.Location = $"{Sessions}/{opened.Session}";
        foreach (var link in opened.Answer.IceServers.SelectMany(LinksOf))
            context.Response.Headers.Append("Link", link);
        return TypedResults.Text(opened.Answer.WholeSdp, SdpText.MediaType, contentEncoding: null, StatusCodes.Status201Created);
    }

    private static async Task<IResult> TrickleAsync(string id, HttpContext context, SessionCalls calls, SignalSender sender)
    {
        var (call, problem) = await calls.FindAsync(context, id, SignalForm.Whip);
        if (call is null)
            return problem!;
        if (!IsType(context, IceFragment.MediaType))
            return SignalProblems.WrongType(context, IceFragment.MediaType);
        var match = EntityTags.Match(context.Request.Headers.IfMatch, call.Http.Tag);
        if (match is TagMatch.Missing or TagMatch.Stale)
            return match is TagMatch.Missing ? SignalProblems.TagRequired : SignalProblems.TagStale;
        var (text, unread) = await SignalBody.TextAsync(context.Request, IceFragment.MaxLength);
        if (text is null)
            return unread!;
        if (IceFragment.Read(text) is not { } fragment)
            return SignalProblems.BadFragment;

        // Other credentials than the offer's begin another generation: asked for with *, or in contradiction to the tag.
        if (fragment.Ufrag is { } ufrag && call.Http.Ufrag is { } known && ufrag != known)
            return match is TagMatch.Any ? SignalProblems.NoRestart : SignalProblems.OtherGeneration;
        return (await sender.TrickleAsync(context, call, fragment.Candidates, fragment.IsEnd)).Problem ?? TypedResults.NoContent();
    }

    private static async Task<IResult> EndAsync(string id, HttpContext context, SessionCalls calls, SessionEnding ending)
    {
        var (call, problem) = await calls.FindAsync(context, id, SignalForm.Whip);
        if (call is null)
            return problem!;
        await ending.EndAsync(call, context.RequestAborted);
        return TypedResults.Ok();
    }

    private static async Task<IResult> LookAsync(string id, HttpContext context, SessionCalls calls) =>
        (await calls.FindAsync(context, id, SignalForm.Whip)).Problem ?? TypedResults.NoContent();

    private static bool IsType(HttpContext context, string type) =>
        context.Request.ContentType?.Split(';')[0].Trim().Equals(type, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>An ICE server as the protocol writes one: a header for each of its addresses.</summary>
    private static IEnumerable<string> LinksOf(string server)
    {
        var json = JsonElement.Parse(server);
        if (json.ValueKind is not JsonValueKind.Object || !json.TryGetProperty("urls", out var urls))
            yield break;
        var credentials = TextOf(json, "username") is { } user && TextOf(json, "credential") is { } password
            ? $"; username=\"{user}\"; credential=\"{password}\"; credential-type=\"password\"" : "";
        foreach (var url in urls.ValueKind is JsonValueKind.Array ? urls.EnumerateArray().Take(8) : [urls])
        {
            if (url.ValueKind is JsonValueKind.String && IsPlain(url.GetString()!))
                yield return $"<{url.GetString()}>; rel=\"ice-server\"{credentials}";
        }
    }

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String && member.GetString() is { } text && IsPlain(text) ? text : null;

    /// <summary>Whether it can stand in a header as it is.</summary>
    private static bool IsPlain(string text) => text.Length <= 512 && text.All(letter => letter is > ' ' and < '\x7f' and not ('"' or '\\' or '<' or '>'));
}
