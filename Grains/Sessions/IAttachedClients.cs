using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions;

/// <summary>The clients whose sockets are in this process while their sessions are in another: what a gateway drains.</summary>
public interface IAttachedClients
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Done when there is none, now or later. More may come meanwhile, unless the endpoint refuses them.</summary>
    Task WhenNoneAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Ends the sessions of all of them with that code, in order: each client hears it from its relay. Done when all are gone;
    /// those that are not when the token says so are cut.
    /// </summary>
    Task EndAllAsync(CloseCode code, CancellationToken cancellationToken);
}
