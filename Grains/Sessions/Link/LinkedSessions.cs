using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>Makes relays in this process for clients whose sockets are in another.</summary>
public sealed class LinkedSessions(RelayServices services, SessionRegistry registry, ProviderCatalog providers)
{
    private readonly InFlightBudget _memory = new(services.Options.LinkBytes, maxMessage: 0);

    /// <summary>Why this process does not take the client; null when it does, or has it already.</summary>
    internal AttachAnswer? WhyNot(SessionId session, AttachClient request)
    {
        // A session has one client in its life: another attachment comes too late.
        if (registry.TryGet(session, out var relay))
            return relay.Link?.Attachment == request.Attachment ? null : new AttachAnswer(IsAttached: false, CloseCode.OwnershipLost);
        if (registry.IsClosed || registry.Count >= services.Options.MaxSessions)
            return new AttachAnswer(IsAttached: false, Refused: null);
        return Find(request.Request) is null ? new AttachAnswer(IsAttached: false, CloseCode.ModelNotAllowed) : null;
    }

    /// <summary>The relay of the session, which reads the client from now on; made by the first call.</summary>
    internal SessionRelay Attach(SessionId session, AttachClient request, IClientLink client)
    {
        if (registry.TryGet(session, out var known))
            return known;

        var query = request.Query.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)).ToList();
        var upstream = new UpstreamRequest(Find(request.Request)!, request.Request.Model, query, request.Request.Surface) { Settings = request.Request.Settings };
        var relay = new SessionRelay(session, request.Request, upstream, services);
        var link = new LinkEnd(request.Attachment, batch => client.DeliverAsync(batch, CancellationToken.None), _memory, services.Time);
        registry.Add(relay);
        // What the client says before its session is open waits for the upstream.
        relay.Start(new LinkedSocket(link));
        return relay;
    }

    private ProviderEntry? Find(OpenSession request) =>
        providers.TryFind(request.Dialect, request.Model, out var provider) && provider.Name == request.Provider ? provider : null;
}
