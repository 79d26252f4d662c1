using System.Net.WebSockets;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions.Http;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Providers.Decart.Watching;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.Watching;

/// <summary>
/// <c>GET /subscribe/{session}?IP=&amp;port=&amp;api_key=</c>: a client of dialect A watches the media of a running session, whose name it has from who
/// opened that. Address and port are the SDK's to send and ours to leave alone: where the session is, we know from its provider.
/// </summary>
internal sealed class SubscribeEndpoint(
    WatchAccess access,
    WatcherPlaces places,
    WatchedSessions sessions,
    DecartWatching provider,
    RefusalThrottle throttle,
    ClientWords clientWords,
    SessionRegistry registry,
    Drain drain,
    RelayServices relays,
    IEnumerable<IDialect> dialects,
    IOptions<RelayOptions> options,
    TimeProvider time)
{
    /// <summary>Where watchers connect.</summary>
    public const string Path = "/subscribe/{session}";

    private readonly IDialect _dialect = dialects.First(dialect => dialect.Name == DecartDialect.Family);

    /// <summary>Serves one watcher from its request to its end.</summary>
    public async Task HandleAsync(HttpContext context, string session)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Problems.UpgradeRequired.ExecuteAsync(context);
            return;
        }

        var credential = AccessControl.CredentialOf(context.Request);
        var (call, refused) = await access.AdmitAsync(context, credential, session, isRoom: false);
        var words = await clientWords.OfAsync(context);
        if (call is null)
            await RefuseAsync(context, refused, credential, words);
        else if (drain.IsDraining && !registry.TryGet(call.Row.Id, out _))
            await SignalProblems.Refused(context, CloseCode.ServerShutdown).ExecuteAsync(context);
        else
            await ServeAsync(context, call, session, words);
    }

    private async Task ServeAsync(HttpContext context, WatchCall call, string session, Wording words)
    {
        using var place = places.TryTake(call.Row.Id);
        using var socket = await AcceptAsync(context);
        if (place is null)
        {
            await TellAsync(socket, CloseCode.ServerBusy, words);
            return;
        }

        var (where, refused) = await access.JoinAsync(call, session, isRoom: false, context.RequestAborted);
        var dialled = where is null ? new DialOutcome(Socket: null, refused, Detail: null) : await provider.SubscribeAsync(call.Provider, where, context.RequestAborted);
        using var upstream = dialled.Socket;
        if (upstream is null)
            await TellAsync(socket, dialled.Refused, words);
        else
            await new WatcherRelay(call.Provider, words, relays).RunAsync(socket, upstream, sessions.EndOf(call, access.WhyGone));
    }

    private async Task RefuseAsync(HttpContext context, CloseCode code, string? credential, Wording words)
    {
        if (!throttle.TryBePolite(Source.Of(context, credential)))
        {
            await Problems.TooManyRefusalsAsync(context);
            return;
        }

        using var socket = await AcceptAsync(context);
        await TellAsync(socket, code, words);
    }

    private Task TellAsync(WebSocket socket, CloseCode code, Wording words) => RefusedClient.TellAsync(socket, _dialect, code, time, words);

    private Task<WebSocket> AcceptAsync(HttpContext context)
    {
        // Our own rule for readers that take nothing is by progress.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        return context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            KeepAliveInterval = options.Value.KeepAliveInterval, KeepAliveTimeout = options.Value.KeepAliveTimeout,
        });
    }
}
