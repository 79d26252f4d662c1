using System.Text.Json;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Answers the requests that JSON clients make, in our own form and in the provider's.</summary>
internal sealed class OpenedSessions(SessionOpener opener, SignalBody bodies, EventTokens tokens)
{
    /// <summary>Opens a session.</summary>
    /// <param name="context">The request.</param>
    /// <param name="form">The form in which it asks.</param>
    /// <param name="path">Where sessions of that form are, such as <c>/v1/sessions</c>.</param>
    /// <param name="tagOf">The entity tag of its first answer.</param>
    public async Task<IResult> OpenAsync(HttpContext context, SignalForm form, string path, Func<string, string> tagOf)
    {
        var (newcomer, problem) = await opener.KnockAsync(context);
        if (newcomer is null)
            return problem!;
        return await bodies.WithJsonAsync(context.Request, form == SignalForm.Json, OfferRequest.Read, async offer =>
        {
            var (opened, refused) = await opener.OpenAsync(context, newcomer, form, offer);
            return opened is null ? refused! : Answer(context, opened, path, tagOf);
        });
    }

    private IResult Answer(HttpContext context, Opened opened, string path, Func<string, string> tagOf)
    {
        context.Response.Headers.ETag = EntityTags.Quote(tagOf(opened.Tag));
        // A page takes a relative address for one of its own server; so this one is whole.
        var host = $"{context.Request.Scheme}://{context.Request.Host}";
        var (token, expires) = tokens.Write(opened.Session);
        return TypedResults.Created($"{path}/{opened.Session}", new OpenedResponse(
            opened.Session.ToString(),
            new DescriptionMessage("answer", opened.Answer.Sdp),
            [.. opened.Answer.IceServers.Select(server => JsonElement.Parse(server))],
            new EventsMessage($"{host}{path}/{opened.Session}/events", token, expires),
            expires));
    }
}
