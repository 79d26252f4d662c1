using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>
/// One realtime session, keyed by <see cref="SessionId"/>. It decides; the relay of the same process holds the sockets and
/// tells it what they do.
/// </summary>
[Grain]
public interface ISessionGrain
{
    /// <summary>
    /// Claims the session's row, admits it and starts to dial; answers as soon as that is decided, before the dial ends.
    /// Repeating it answers as the first time. Steps 3 to 5.
    /// </summary>
    /// <returns>Why the session was refused, or null.</returns>
    Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken);

    /// <summary>Takes what the sockets did since the last call, in order. Events that came too late change nothing.</summary>
    Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken);

    /// <summary>Ends the session for good; the first close code wins, so repeating it is safe.</summary>
    Task CloseAsync(CloseCode code, CancellationToken cancellationToken);
}
