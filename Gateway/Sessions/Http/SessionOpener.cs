using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Signaling;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Opens sessions for clients that post their offer. Steps 1 and 2 as at a WebSocket; from step 3 on the session is like any
/// other, but that its client's socket is one end of a pipe, whose other end says the client's words. This process holds that
/// end until the session is over; every later request may come to any process.
/// </summary>
internal sealed partial class SessionOpener(
    AccessControl access,
    ProviderCatalog providers,
    RefusalThrottle throttle,
    IClientDoor door,
    OfferDialogue dialogue,
    IGrains grains,
    Openings openings,
    Drain drain,
    SessionMetrics metrics,
    IOptions<RelayOptions> relay,
    IOptions<HttpSessionsOptions> options,
    TimeProvider time,
    ILogger<SessionOpener> logger)
{
    /// <summary>Steps 1 and 2, as far as they do without the request's body: nobody sends megabytes before it is known who sends them.</summary>
    public async Task<(Newcomer? Newcomer, IResult? Problem)> KnockAsync(HttpContext context)
    {
        if (drain.IsDraining)
            return (null, SignalProblems.Refused(context, CloseCode.ServerShutdown));

        var credential = AccessControl.CredentialOf(context.Request);
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        var source = Source.Of(context, credential);
        if (access.WhyRefusedApi(identity) is { } refused)
            return (null, Refuse(context, refused, source));
        return (new Newcomer(identity, credential!, source), null);
    }

    /// <summary>Steps 2 to 6: the session with its answer, or why there is none.</summary>
    /// <param name="context">The request.</param>
    /// <param name="newcomer">Who knocked.</param>
    /// <param name="form">The form in which it asks.</param>
    /// <param name="offer">What it asks for.</param>
    public async Task<(Opened? Opened, IResult? Problem)> OpenAsync(HttpContext context, Newcomer newcomer, SignalForm form, OfferRequest offer)
    {
        var (dialect, words) = providers.TryFindForOffer(offer.Model, out var provider) ? (provider.Dialect, provider.Signaling) : default;
        var origin = context.Request.Headers.Origin is [{ Length: > 0 } value, ..] ? value : null;
        var refused = access.WhyRefused(newcomer.Identity, dialect?.Name ?? "", origin, offer.Model)
            ?? (UpstreamQuery.Fits(context.Request.Query) ? (CloseCode?)null : CloseCode.InvalidRequest)
            ?? (door.Count < relay.Value.MaxSessions ? null : CloseCode.ServerBusy);
        if (refused is { } code)
            return (null, Refuse(context, code, newcomer.Source));
        if (throttle.IsFlooding(newcomer.Source))
            return (null, TooMany(context));
        if (!OfferDialogue.CanBegin(words!, offer))
            return (null, SignalProblems.NoWord(offer.Image is null ? "prompts" : "images"));

        var tag = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var (ours, theirs) = FramePipe.Create();
        var named = new TaskCompletionSource<SessionId>(TaskCreationOptions.RunContinuationsAsynchronously);
        var welcome = new WelcomeClient(
            openings.Of(context, newcomer.Caller, newcomer.Credential, provider!, offer.Model, ClientSurface.Http, offer.Metadata) with
            {
                Http = new HttpOpening(
                    SessionCalls.OpenerOf(newcomer.Credential), form.Name, tag, SdpText.UfragOf(offer.Sdp), form.MayBeSilent ? null : options.Value.SilenceTimeout),
            },
            provider!,
            UpstreamQuery.Of(context.Request.Query, newcomer.Credential),
            session =>
            {
                named.TrySetResult(session);
                return Task.FromResult(theirs);
            },
            ClaimRefused: () => throttle.ClaimRefused(newcomer.Source),
            WhyGone: () => access.WhyGone(newcomer.Caller))
        {
            Source = newcomer.Source,
        };
        var client = new HeldClient(ours, words!, time);
        _ = ServeAsync(welcome, client);
        return await AnswerAsync(context, client, words!, offer, form, tag, named.Task);
    }

    private async Task<(Opened?, IResult?)> AnswerAsync(
        HttpContext context, HeldClient client, ISignaling words, OfferRequest offer, SignalForm form, string tag, Task<SessionId> named)
    {
        using var limit = new CancellationTokenSource(options.Value.AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        DialogueEnd end;
        try
        {
            end = await dialogue.HoldAsync(client, words, offer, form.Gathers, either.Token);
            if (end.Answer is { } answer)
            {
                _ = client.StayAsync();
                var session = await named;
                // From here on it has to give signs of life of its own; until now it waited for us.
                await grains.Get<ISessionGrain>(session.ToString()).LookAsync(isClient: true, either.Token);
                return (new Opened(session, tag, answer), null);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or System.Net.WebSockets.WebSocketException)
        {
            end = new DialogueEnd(null, IsOver: exception is not OperationCanceledException);
        }

        await client.LeaveAsync();
        _ = client.StayAsync();
        return (null, end.IsDeclined ? SignalProblems.Declined(end.Reason)
            : end.Refused is { } code ? SignalProblems.Refused(context, code)
            : end.IsNotAllowed ? SignalProblems.OfferDeclined(end.Reason)
            : end.IsOver ? SignalProblems.Refused(context, client.Ended ?? CloseCode.InternalError)
            : SignalProblems.NoAnswer);
    }

    private async Task ServeAsync(WelcomeClient welcome, HeldClient client)
    {
        try
        {
            // Outside the request: the session outlives it.
            using (ExecutionContext.SuppressFlow())
                await Task.Run(() => door.ServeAsync(welcome));
        }
#pragma warning disable CA1031 // Whatever keeps the session from being served, whoever waits for it must not hang.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotServed(logger, exception);
        }

        client.Cut();
    }

    private IResult Refuse(HttpContext context, CloseCode code, Source source)
    {
        metrics.SessionRefused(code);
        return throttle.TryBePolite(source) ? SignalProblems.Refused(context, code) : TooMany(context);
    }

    private static IResult TooMany(HttpContext context) => Problems.TooManyRefusals(context);

    [LoggerMessage(1181, LogLevel.Error, "A session over HTTP could not be served")]
    private static partial void LogNotServed(ILogger logger, Exception exception);
}
