namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>
/// The end user's part of the demo in one dialect. Stateless: whatever a visit needs comes with it. Each is named once, in
/// <see cref="DemoDialects"/>.
/// </summary>
internal interface IDemoDialect
{
    /// <summary>What <c>--dialect</c> calls it.</summary>
    string Name { get; }

    /// <summary>The model that is asked for; the token is good for it alone.</summary>
    string Model { get; }

    /// <summary>
    /// Whether the gateway's clock counts, from the provider's answer to the end. The demo then also compares it with the
    /// span that the simulator's truth tells.
    /// </summary>
    bool IsMeteredByGateway { get; }

    /// <summary>Whether the provider gives its session a name, by which the simulator's truth is then asked; otherwise the newest of that model is meant.</summary>
    bool NamesSessions => true;

    /// <summary>
    /// Connects, uses the session until enough was generated, leaves and hears the gateway out; tells the story meanwhile.
    /// Throws a <see cref="DemoException"/> with a sentence for whatever goes wrong.
    /// </summary>
    Task UseAsync(DemoVisit visit, CancellationToken cancellationToken);
}
