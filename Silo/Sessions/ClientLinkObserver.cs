using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Silo.Sessions;

/// <summary>The callback as Orleans addresses it.</summary>
[Alias("client-link")]
public interface IClientLinkObserver : IClientLink, IGrainObserver;
