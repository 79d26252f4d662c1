using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// A tenant's server joins a running session of its own, by API key, such as at <c>GET /v1/realtime?call_id=</c>. Any number of them hear what our one connection to the
/// provider hears, from the session's ring, so one that comes late hears what came before; what they say goes to the provider.
/// </summary>
internal sealed class SidebandEndpoint(
    OpenAICallers callers, ISessionQueries queries, IGrains grains, SessionRegistry registry, AccessControl access, Drain drain, IOptions<RelayOptions> options, TimeProvider time)
{
    /// <summary>How many of a session's sidebands one process serves.</summary>
    private const int MaxPerSession = 16;

    private readonly Dictionary<SessionId, int> _open = [];

    /// <summary>Serves one until its session is over or it leaves.</summary>
    /// <param name="context">The request.</param>
    /// <param name="surface">What kind of call it is.</param>
    /// <param name="call">The name that the request has for it.</param>
    /// <param name="leg">How its WebSockets are asked for.</param>
    public async Task HandleAsync(HttpContext context, CallSurface surface, string? call, ClientLeg leg)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Problems.UpgradeRequired.ExecuteAsync(context);
            return;
        }

        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var credential = AccessControl.CredentialOf(context.Request) ?? leg.CredentialIn(offered);
        var (caller, refused) = await callers.FindAsync(context, credential);
        var row = caller is null ? null : await callers.CallAsync(caller, surface, call, context.RequestAborted);
        if (caller is not null && row is not { EndedAt: null })
            refused = callers.Refuse(context, credential, OpenAIError.CallNotFound);
        else if (drain.IsDraining && caller is not null && !registry.TryGet(row!.Id, out _))
            refused = OpenAIError.Of(CloseCode.ServerShutdown);
        if (refused is not null)
        {
            await refused.ExecuteAsync(context);
            return;
        }

        var session = grains.Get<ISessionGrain>(row!.Id.ToString());
        // A row may be live in a process that this one has no way to.
        if (!(await session.ReadFramesAsync(1, 0, context.RequestAborted)).Found || !TryEnter(row.Id))
        {
            await OpenAIError.Of(CloseCode.ServerBusy).ExecuteAsync(context);
            return;
        }

        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = leg.Select(offered), KeepAliveInterval = options.Value.KeepAliveInterval, KeepAliveTimeout = options.Value.KeepAliveTimeout,
            });
            await new Sideband(
                socket, surface, row, caller!.Credential.KeyId, session, registry, queries, () => access.WhyGone(caller), options.Value, time).RunAsync(drain.GraceOver);
        }
        finally
        {
            Leave(row.Id);
        }
    }

    private bool TryEnter(SessionId session)
    {
        lock (_open)
        {
            var count = _open.GetValueOrDefault(session);
            if (count >= MaxPerSession)
                return false;
            _open[session] = count + 1;
            return true;
        }
    }

    private void Leave(SessionId session)
    {
        lock (_open)
        {
            if (--_open[session] == 0)
                _open.Remove(session);
        }
    }
}
