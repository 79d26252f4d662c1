using Microsoft.Extensions.Options;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>How many watch through this process, by session, within bounds.</summary>
internal sealed class ObserverPlaces(IOptions<ObserverOptions> options) : SessionPlaces(options.Value.MaxPerSession, options.Value.MaxInProcess);
