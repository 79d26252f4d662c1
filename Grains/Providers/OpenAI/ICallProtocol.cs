namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// What tells families of calls apart at their providers: where one is asked for and told something, how its offer is written and its answer read. What
/// happens in between is the same for all of them, see <see cref="OpenAICall"/>. Stateless.
/// </summary>
public interface ICallProtocol
{
    /// <summary>The dialect's name.</summary>
    string Dialect { get; }

    /// <summary>Whether the upstream of that name is a call; what else a dialect opens dies with the process that did.</summary>
    bool IsCall(string upstream);

    /// <summary>Where calls are made.</summary>
    Uri Calls(ProviderEntry provider);

    /// <summary>Where one is told something, such as <c>hangup</c>.</summary>
    Uri Call(ProviderEntry provider, string call, string verb);

    /// <summary>A further connection to a call, which hears its events.</summary>
    Uri Sideband(ProviderEntry provider, string call);

    /// <summary>What a call is asked for with.</summary>
    /// <param name="offer">What the client wants.</param>
    /// <param name="model">The model that was let in, whatever the client's settings say.</param>
    HttpContent Write(OpenAIOffer offer, string model);

    /// <summary>An answer that was taken, with its SDP for a body and the call's name; without the name where it holds none. Never throws.</summary>
    OpenAIAnswer Read(OpenAIAnswer answer);
}
