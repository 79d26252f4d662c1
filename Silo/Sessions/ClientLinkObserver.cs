using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Silo.Sessions;

/// <summary>The way back to a client of a gateway-only process, as Orleans addresses it.</summary>
[Alias("client-link")]
public interface IClientLinkObserver : IClientLink, IGrainObserver;
