using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// Opens a session with a WebRTC offer, such as <c>POST /v1/realtime/calls</c>. Steps 1 and 2 as at a WebSocket; from step 3 on the session is as any other, with
/// <see cref="CallClient"/> in the place of its client's socket.
/// </summary>
internal sealed class CallsApi(
    OpenAICallers callers,
    AccessControl access,
    ProviderCatalog providers,
    RefusalThrottle throttle,
    IClientDoor door,
    Drain drain,
    Openings openings,
    SessionMetrics metrics,
    IOptions<RelayOptions> options,
    TimeProvider time)
{
    /// <summary>How long a client waits for its answer; the published helper gives up after 30 seconds.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(25);

    /// <summary>Opens a session and answers its SDP.</summary>
    public async Task<IResult> CreateAsync(HttpContext context, CallSurface surface, CancellationToken cancellationToken)
    {
        // Step 1: connect.
        if (drain.IsDraining)
            return OpenAIError.Of(CloseCode.ServerShutdown);

        // Step 2: authenticate, before a body is read for nobody.
        var credential = AccessControl.CredentialOf(context.Request);
        var identity = await access.IdentifyAsync(credential, cancellationToken);
        if (identity.Caller is null)
            return Refuse(context, credential, access.WhyRefusedApi(identity) ?? CloseCode.InvalidCredential);
        var (body, error) = await surface.ReadAsync(context.Request);
        if (body is null)
            return callers.Refuse(context, credential, error!);

        var token = identity.Caller.Credential as Credential.ClientToken;
        // What was sealed in the secret is the tenant's word; what is posted beside it is its holder's, and held to the policy as an update would be.
        var model = ModelOf(body.Session) ?? ModelOf(token?.Session is { } attached ? JsonElement.Parse(attached) : null)
            ?? (context.Request.Query["model"] is [{ Length: > 0 } asked, ..] ? asked : token?.Models is [var only] ? only : null);
        var origin = context.Request.Headers.Origin is [{ Length: > 0 } value, ..] ? value : null;
        var isFull = door.Count >= options.Value.MaxSessions;
        if ((access.WhyRefused(identity, surface.Dialect, origin, model) ?? (isFull ? CloseCode.ServerBusy : null)) is { } refused)
            return Refuse(context, credential, refused);
        var source = Source.Of(context, credential);
        if (throttle.IsFlooding(source))
            return OpenAIError.TooManyRefusals;

        providers.TryFind(surface.Dialect, model!, out var provider);
        var opening = openings.Of(context, identity.Caller, credential!, provider!, model!, ClientSurface.Http, EndUser.Of(context.Request));
        return await OpenAsync(context, surface, identity.Caller, opening, provider!, source, OpenAIMessages.Offer(body.Sdp, body.Session?.GetRawText()));
    }

    /// <summary>Steps 3 to 6: the session lives on when this request is answered, and ends when it cannot be.</summary>
    private async Task<IResult> OpenAsync(
        HttpContext context, CallSurface surface, Caller caller, OpenSession opening, ProviderEntry provider, Source source, byte[] offer)
    {
        var client = new CallClient(time);
        var serving = door.ServeAsync(new WelcomeClient(
            opening, provider, Query: [], client.OpenAsync,
            ClaimRefused: () => throttle.ClaimRefused(source),
            WhyGone: () => access.WhyGone(caller))
        {
            Source = source,
            Refused = client.Over,
            Ended = client.Over,
        });

        using var patience = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        var answer = await client.AskAsync(offer, serving, either.Token);
        if (answer?.Sdp is not { } sdp || context.RequestAborted.IsCancellationRequested)
        {
            await client.LeaveAsync();
            _ = client.StayAsync();
            return answer?.Refused ?? OpenAIError.Of(CloseCode.UpstreamUnavailable);
        }

        _ = client.StayAsync();
        context.Response.Headers["X-Session-Id"] = client.Session.ToString();
        return surface.Answer(context.Response, client.Session, sdp, opening.Model);
    }

    private OpenAIError Refuse(HttpContext context, string? credential, CloseCode code)
    {
        metrics.SessionRefused(code);
        return callers.Refuse(context, credential, OpenAIError.Of(code));
    }

    private static string? ModelOf(JsonElement? settings) =>
        settings is { } session && session.TryGetProperty("model", out var model) && model.GetString() is { Length: > 0 } name ? name : null;
}
