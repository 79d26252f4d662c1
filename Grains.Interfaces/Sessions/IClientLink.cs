using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>The way back to a client whose socket is in another process than its session.</summary>
[Callback]
public interface IClientLink
{
    /// <summary>
    /// Frames for the client. Answers at once; a slow client shows in the limit of the answer. Safe to repeat: what was
    /// delivered before is not delivered again.
    /// </summary>
    Task<LinkAck> DeliverAsync(FrameBatch batch, CancellationToken cancellationToken);
}
