using System.Net.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions.Http;
using Orchestrator.Gateway.Sessions.OpenAI;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// Where clients of a dialect connect with their WebSocket, such as <c>GET /v1/stream</c>. Steps 1 and 2 happen here; from step 3 on the session's
/// grain decides and its relay acts, here or in another process, and this request merely lasts as long as they do.
/// </summary>
internal sealed partial class StreamEndpoint(
    AccessControl access,
    ProviderCatalog providers,
    RefusalThrottle throttle,
    FirstFrames firstFrames,
    ClientWords words,
    IClientDoor door,
    Openings openings,
    Drain drain,
    SessionMetrics metrics,
    IOptions<RelayOptions> options,
    TimeProvider time)
{
    private const string SessionIdHeader = "X-Session-Id";

    /// <summary>Serves one client from its request to the end of its session.</summary>
    public async Task HandleAsync(HttpContext context, IDialect dialect)
    {
        // Step 1: connect.
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Problems.UpgradeRequired.ExecuteAsync(context);
            return;
        }

        if (drain.IsDraining)
        {
            await SignalProblems.Refused(context, CloseCode.ServerShutdown).ExecuteAsync(context);
            return;
        }

        if (dialect.Leg?.Credential is { } form)
        {
            await HandleUnknownAsync(context, dialect, form);
            return;
        }

        // Step 2: authenticate.
        var credential = AccessControl.CredentialOf(context.Request) ?? dialect.Leg!.CredentialIn(context.WebSockets.WebSocketRequestedProtocols);
        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        var model = context.Request.Query["model"].ToString();
        var source = Source.Of(context, credential);
        if (WhyRefused(context, dialect, identity, model) is { } refused)
            await RefuseAsync(context, dialect, refused, source);
        else if (throttle.IsFlooding(source))
            await Problems.TooManyRefusalsAsync(context);
        else
            await RelayAsync(context, dialect, identity.Caller!, model, credential!, source, session => AcceptAsync(context, dialect, session));
    }

    private CloseCode? WhyRefused(HttpContext context, IDialect dialect, Identity identity, string model)
    {
        var origin = context.Request.Headers.Origin is [{ Length: > 0 } value, ..] ? value : null;
        return access.WhyRefused(identity, dialect.Name, origin, model)
            ?? (UpstreamQuery.Fits(context.Request.Query) ? (CloseCode?)null : CloseCode.InvalidRequest)
            ?? (door.Count < options.Value.MaxSessions ? null : CloseCode.ServerBusy);
    }

    private async Task RelayAsync(
        HttpContext context, IDialect dialect, Caller caller, string model, string credential, Source source,
        Func<SessionId, Task<WebSocket>> acceptAsync)
    {
        providers.TryFind(dialect.Name, model, out var provider);
        await door.ServeAsync(new WelcomeClient(
            openings.Of(context, caller, credential, provider!, model, ClientSurface.WebSocket),
            provider!,
            UpstreamQuery.Of(context.Request.Query, credential),
            acceptAsync,
            ClaimRefused: () => throttle.ClaimRefused(source),
            WhyGone: () => access.WhyGone(caller))
        {
            Source = source,
        });
    }

    private async Task RefuseAsync(HttpContext context, IDialect dialect, CloseCode code, Source source)
    {
        metrics.SessionRefused(code);
        if (!throttle.TryBePolite(source))
        {
            await Problems.TooManyRefusalsAsync(context);
            return;
        }

        var own = await words.OfAsync(context);
        using var socket = await AcceptAsync(context, dialect);
        await RefusedClient.TellAsync(socket, dialect, code, time, own);
    }

    private Task<WebSocket> AcceptAsync(HttpContext context, IDialect dialect, SessionId session)
    {
        // For support: a back end, a proxy's log or a curious client can name its session.
        context.Response.Headers[SessionIdHeader] = session.ToString();
        return AcceptAsync(context, dialect);
    }

    private Task<WebSocket> AcceptAsync(HttpContext context, IDialect dialect)
    {
        // Our own rule for readers that take nothing is by progress; the server's, by bytes a second, would cut a quiet session's first frame.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        return context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = dialect.Leg!.Select(context.WebSockets.WebSocketRequestedProtocols),
            KeepAliveInterval = options.Value.KeepAliveInterval,
            KeepAliveTimeout = options.Value.KeepAliveTimeout,
        });
    }
}

/// <summary>The WebSockets of all dialects.</summary>
internal static class StreamRoutes
{
    public static void MapStreams(this WebApplication app)
    {
        var endpoint = app.Services.GetRequiredService<StreamEndpoint>();
        var sidebands = app.Services.GetRequiredService<SidebandEndpoint>();
        foreach (var dialect in app.Services.GetServices<IDialect>().Where(dialect => dialect.Leg is not null))
        {
            app.MapGet(dialect.Leg!.Path, context => dialect.Leg.SidebandParameter is { } parameter && context.Request.Query.ContainsKey(parameter)
                ? sidebands.HandleAsync(context, RealtimeSurface.Instance, context.Request.Query[parameter], dialect.Leg)
                : endpoint.HandleAsync(context, dialect)).ExcludeFromDescription();
        }
    }
}
