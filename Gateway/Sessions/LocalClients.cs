using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Gateway.Sessions;

/// <summary>Serves clients with relays of this process, where their sessions' grains live too: no call per frame.</summary>
internal sealed class LocalClients(SessionRegistry registry, RelayServices relayServices, IGrains grains, TimeProvider time) : IClientDoor
{
    /// <inheritdoc/>
    public int Count => registry.Count;

    /// <inheritdoc/>
    public async Task ServeAsync(WelcomeClient client)
    {
        var session = SessionId.New(time.GetUtcNow());
        using var socket = await client.AcceptAsync(session);
        var upstream = new UpstreamRequest(client.Provider, client.Request.Model, client.Query, client.Request.Surface) { Settings = client.Request.Settings };
        var relay = new SessionRelay(session, client.Request, upstream, relayServices);
        registry.Add(relay);
        // What the client says before its session is open waits for the upstream.
        relay.Start(socket);
        var refused = await OpenAsync(relay);
        if (refused is { } why)
        {
            client.ClaimRefused();
            // At once: it may come back before it has answered our goodbye.
            client.Refused?.Invoke(why);
        }
        else if (client.WhyGone() is { } gone)
        {
            relay.Post(new SessionEvent.CloseRequested(gone));
        }

        await relay.Completion;
        if (refused is null && relay.State.Code is { } code)
            client.Ended?.Invoke(code);
    }

    private async Task<CloseCode?> OpenAsync(SessionRelay relay)
    {
        try
        {
            return await grains.Get<ISessionGrain>(relay.Session.ToString()).OpenAsync(relay.Request, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever keeps the grain from deciding, the client must not hang.
        catch (Exception)
#pragma warning restore CA1031
        {
            relay.Abandon();
            return CloseCode.InternalError;
        }
    }
}
