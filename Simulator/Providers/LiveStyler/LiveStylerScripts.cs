using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.LiveStyler;

/// <summary>
/// One good node and each documented way in which there is none. The protocol names no model: the one that is played stands in the
/// query of the address that is dialled, and <see cref="Usual"/> is played where none does.
/// </summary>
public static class LiveStylerScripts
{
    /// <summary>What is played for an address without a model.</summary>
    public const string Usual = "ls-waiting";

    /// <summary>A socket that was let in; every frame from here on is a step.</summary>
    public static Script Begin { get; } = Script.Begin.Without(AutomaticReplies.All).Authenticate();

    /// <summary>The models, where a node takes that long to change its state.</summary>
    public static IReadOnlyList<BuiltInScript> All(TimeSpan pace) =>
    [
        new(Usual, "The node is ready at once: `waiting`, then the answer and a candidate",
            Waiting.Answer()),

        new("ls-demo", "`pending`, a second later `waiting`; after the offer `server_provisioning`, another second later the answer",
            Begin.Expect("session_start").Node("pending").Wait(pace).Node("waiting")
                .Expect("offer").Send(LiveStylerWire.Provisioning).Wait(pace).Send(LiveStylerWire.Answer).Send(LiveStylerWire.Candidate)),

        new("ls-pending", "`pending`, a second later `waiting`, then as above",
            Begin.Expect("session_start").Node("pending").Wait(pace).Node("waiting").Answer()),

        new("ls-provisioning", "`waiting`; after the offer `server_provisioning`, a second later the answer",
            Waiting.Expect("offer").Send(LiveStylerWire.Provisioning).Wait(pace).Send(LiveStylerWire.Answer).Send(LiveStylerWire.Candidate)),

        new("ls-full", "`full`, and nothing more",
            Begin.Expect("session_start").Node("full")),

        new("ls-no-node", "After the offer an error message: the pool has reached its size",
            Waiting.Expect("offer").Send(LiveStylerWire.PoolFull)),

        new("ls-no-start", "After the offer an error message in another shape: a stopped node does not start",
            Waiting.Expect("offer").Send(LiveStylerWire.NoStart)),

        new("ls-silent", "Lets the client in and never says another word",
            Begin),

        new("ls-mute", "Takes the credential and never says whether it is good",
            Script.Begin.Without(AutomaticReplies.All).Expect("CREDENTIAL")),

        new("ls-hang-up", "Answers, and closes with 1000 three seconds later",
            Waiting.Answer().Wait(3 * pace).Close(1000)),

        new("ls-drop", "Answers, and resets the connection three seconds later",
            Waiting.Answer().Wait(3 * pace).Drop()),

        new("ls-unknown-types", "A message of a type that nobody knows before and after the answer",
            Waiting.UnknownType().Answer().UnknownType()),

        new("ls-2025-07", "As of July 2025: no `session_start`, the answer and a candidate as payloads",
            Begin.Expect("offer").Send(LiveStylerWire.OlderAnswer).Send(LiveStylerWire.OlderCandidate)),
    ];

    private static Script Waiting => Begin.Expect("session_start").Node("waiting");

    private static Script Node(this Script script, string status) => script.Send(LiveStylerWire.NodeStatus(status));

    private static Script Answer(this Script script) => script.Expect("offer").Send(LiveStylerWire.Answer).Send(LiveStylerWire.Candidate);
}
