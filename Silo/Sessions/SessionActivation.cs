using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Link;
using Orleans.Placement;

namespace Orchestrator.Silo.Sessions;

/// <summary>The contract as Orleans addresses it.</summary>
[Alias("session")]
public interface ISessionActivation : ISessionGrain, IGrainWithStringKey;

/// <summary>All that Orleans adds to a session's grain: it lands where its client's socket is, and nobody moves it from there.</summary>
[PreferLocalPlacement, Immovable, KeepAlive]
public sealed class SessionActivation(
    IGrainContext context, IGrainLife life, SessionRegistry relays, LinkedSessions links, SessionClaims claims, SessionMetrics metrics, ILogger<SessionGrain> logger)
    : SessionGrain(life, relays, links, claims, metrics, logger), ISessionActivation, IGrainBase
{
    /// <inheritdoc/>
    public IGrainContext GrainContext => context;
}
