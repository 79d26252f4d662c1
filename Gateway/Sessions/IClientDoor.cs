using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions;

/// <summary>How this process serves clients that were let in: with relays of its own, or through links to those of others.</summary>
internal interface IClientDoor
{
    /// <summary>How many clients it serves.</summary>
    int Count { get; }

    /// <summary>Steps 3 to 8: opens a session for the client and stays until it is over.</summary>
    Task ServeAsync(WelcomeClient client);
}

/// <summary>A client that was authenticated and is not yet connected.</summary>
/// <param name="Request">What was authenticated.</param>
/// <param name="Provider">The provider of its model.</param>
/// <param name="Query">Its other query parameters, its credentials already taken out.</param>
/// <param name="AcceptAsync">Accepts the socket of that session.</param>
/// <param name="ClaimRefused">To be told when its session is not admitted.</param>
/// <param name="WhyGone">Why it would not be let in any more; what changed before its relay was known, no sweep has ended.</param>
internal sealed record WelcomeClient(
    OpenSession Request,
    ProviderEntry Provider,
    IReadOnlyList<KeyValuePair<string, string>> Query,
    Func<SessionId, Task<WebSocket>> AcceptAsync,
    Action ClaimRefused,
    Func<CloseCode?> WhyGone)
{
    /// <summary>Where it comes from and which credential it named, be it in a header, a subprotocol or a first frame.</summary>
    public required Source Source { get; init; }

    /// <summary>To be told why its session was not admitted, as soon as that is known.</summary>
    public Action<CloseCode>? Refused { get; init; }

    /// <summary>To be told why a session that was admitted ended, where that is known here.</summary>
    public Action<CloseCode>? Ended { get; init; }
}
