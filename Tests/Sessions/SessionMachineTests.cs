using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using static Orchestrator.Domain.Sessions.CloseCode;
using static Orchestrator.Domain.Sessions.SessionEffect;
using static Orchestrator.Domain.Sessions.SessionEvent;
using static Orchestrator.Domain.Sessions.SessionPhase;

namespace Orchestrator.Tests.Sessions;

public class SessionMachineTests
{
    private static readonly WireClose Goodbye = new(1000, null);
    private static readonly SessionState Ready = new(Connected, NodeStatus.Waiting);
    private static readonly SessionState Queueing = new(Waiting, NodeStatus.Pending, QueuePosition: 3, QueueSize: 9);
    private static readonly SessionState Live = new(Generating, NodeStatus.Waiting, Upstream: "u1");
    private static readonly SessionState Still = Live with { Phase = Stalled };
    private static readonly SessionState Done = new(Connected, NodeStatus.Waiting, LastEnd: GenerationEnd.Disconnect);
    private static readonly SessionState Over = new(Ended, Code: ClientClosed);

    public static TheoryData<SessionState, SessionEvent, SessionState, SessionEffect[]> Arrows => new()
    {
        // from              event                                 to                                        effects
        { SessionState.New, new Admitted(),                       new(Connecting),                          [new DialUpstream()] },
        { new(Connecting),  new UpstreamOpened(),                 new(Connecting),                          [] },
        { new(Connecting),  new UpstreamNamed("u1"),              new(Connecting, Upstream: "u1"),          [] },
        { Live,             new UpstreamNamed("u2"),              Live with { Upstream = "u2" },            [] },

        // the provider's waiting words
        { new(Connecting),  new Queued(3, 9),                     Queueing,                                 [] },
        { Queueing,         new Queued(2, 9),                     Queueing with { QueuePosition = 2 },      [] },
        { Queueing,         new Queued(null, null),               new(Waiting, NodeStatus.Pending),         [] },
        { Live,             new Queued(2, 9),                     Live,                                     [] },
        { new(Connecting),  new NodeReported(NodeStatus.Pending), new(Waiting, NodeStatus.Pending),         [] },
        { new(Connecting),  new NodeReported(NodeStatus.Full),    new(Waiting, NodeStatus.Full),            [] },
        { Queueing,         new NodeReported(NodeStatus.Pending), Queueing,                                 [] },
        { Queueing,         new NodeReported(NodeStatus.Full),    Queueing with { Node = NodeStatus.Full }, [] },
        { Queueing,         new NodeReported(NodeStatus.Waiting), Ready,                                    [] },
        { Ready,            new NodeReported(NodeStatus.Pending), Ready with { Node = NodeStatus.Pending }, [] },
        { Live,             new NodeReported(NodeStatus.Full),    Live,                                     [] },
        { new(Connecting),  new MediaOffered(),                   new(Connecting),                          [] },
        { new(Connecting),  new MediaAnswered(),                  Ready,                                    [] },
        { Queueing,         new MediaAnswered(),                  Ready,                                    [] },
        { Live,             new MediaAnswered(),                  Live,                                     [] },
        { Live,             new ProviderComplained("oops"),       Live,                                     [] },

        // generations
        { Ready,            new GenerationStarted(1),             Ready with { Phase = Generating },        [] },
        { Queueing,         new GenerationStarted(1),             Ready with { Phase = Generating },        [] },
        { Done,             new GenerationStarted(2),             Done with { Phase = Generating },         [] },
        { Ready,            new GenerationStalled(1, 5_000),      Ready,                                    [] },
        { Live,             new GenerationStalled(1, 5_000),      Still,                                    [] },
        { Still,            new GenerationResumed(1, 6_000),      Live,                                     [] },
        { Still,            new GenerationStarted(2),             Live,                                     [] },
        { Live,             EndOfRun(GenerationEnd.Timeout),      Idle(Live, GenerationEnd.Timeout),        [] },
        { Still,            EndOfRun(GenerationEnd.Error),        Idle(Still, GenerationEnd.Error),         [] },
        { Queueing,         EndOfRun(GenerationEnd.Moderation),   Idle(Queueing, GenerationEnd.Moderation), [] },

        // somebody or something ends it
        { SessionState.New, new CloseRequested(ServerBusy),       Ends(new(Opening), ServerBusy),           Dismissed(ServerBusy) },
        { Queueing,         new CloseRequested(WaitLimit),        Ends(Queueing, WaitLimit),                Dismissed(WaitLimit) },
        { Live,             new CloseRequested(EndedByTenant),    Ends(Live, EndedByTenant),                Dismissed(EndedByTenant) },
        { new(Connecting),  new UpstreamFailed(UpstreamFull),     Ends(new(Connecting), UpstreamFull),      Failed(UpstreamFull) },
        { Ready,            new ClientLeft(new(3001, "bye")),     Ends(Ready, ClientClosed),                Leaves(ClientClosed, new(3001, "bye")) },
        { Ready,            new ClientLeft(new(null, null)),      Ends(Ready, ClientClosed),                Leaves(ClientClosed, Goodbye) },
        { Ready,            new ClientLeft(PeerClose.Gone),       Ends(Ready, ClientLost),                  Leaves(ClientLost, null) },

        // late news
        { Over,             new UpstreamOpened(),                 Over,                                     [new HangUp(Goodbye)] },
        { Over,             new Admitted(),                       Over,                                     [] },
        { Over,             new UpstreamNamed("u1"),              Over,                                     [] },
        { Over,             EndOfRun(GenerationEnd.Timeout),      Over,                                     [] },
        { Over,             new CloseRequested(IdleTimeout),      Over,                                     [] },
        { Over,             new UpstreamFailed(ServerBusy),       Over,                                     [] },
        { Over,             new UpstreamLeft(PeerClose.Gone),     Over,                                     [] },
        { Over,             new ClientLeft(PeerClose.Gone),       Over,                                     [] },
    };

    [Theory, MemberData(nameof(Arrows))]
    public void Follows_the_diagram(SessionState from, SessionEvent @event, SessionState to, SessionEffect[] effects)
    {
        var step = SessionMachine.Apply(from, @event);

        Assert.Equal(to, step.Next);
        Assert.Equal(effects, step.Effects);
    }

    public static TheoryData<SessionState, PeerClose, CloseCode> UpstreamEnds => new()
    {
        // last known                                    how it left             why the session ended
        { Live,                                          new(1000, null),        UpstreamLost },
        { Still,                                         new(1011, "crash"),     UpstreamLost },
        { Live with { LastEnd = GenerationEnd.Error },   PeerClose.Gone,         UpstreamLost },
        { Idle(Live, GenerationEnd.Disconnect),          new(1000, null),        Completed },
        { Idle(Live, GenerationEnd.Disconnect),          PeerClose.Gone,         Completed },
        { Idle(Live, GenerationEnd.Timeout),             new(1000, null),        ProviderTimeout },
        { Idle(Live, GenerationEnd.Moderation),          new(1008, "nsfw"),      ModerationViolation },
        { Idle(Live, GenerationEnd.Error),               new(1011, null),        ProviderError },
        { Idle(Live, GenerationEnd.InsufficientCredits), new(1013, null),        ProviderRefused },
        { Ready,                                         PeerClose.Gone,         UpstreamLost },
        { Ready,                                         new(1000, null),        UpstreamClosed },
        { Ready,                                         new(null, null),        UpstreamClosed },
        { new(Connecting),                               new(1013, "try again"), UpstreamFull },
        { new(Waiting, NodeStatus.Full),                 new(1011, null),        UpstreamFull },
        { new(Connecting),                               new(1008, "bad key"),   ProviderRefused },
        { Queueing,                                      new(4000, "gone"),      UpstreamClosed },
    };

    [Theory, MemberData(nameof(UpstreamEnds))]
    public void What_the_provider_said_before_counts_more_than_how_it_closed(SessionState known, PeerClose close, CloseCode code)
    {
        var step = SessionMachine.Apply(known, new UpstreamLeft(close));

        Assert.Equal(Ends(known, code) with { Node = close.Code is 1013 ? NodeStatus.Full : known.Node }, step.Next);
        Assert.Equal([new Finish(code), new ForwardClose(close.Forwarded)], step.Effects);
    }

    private static GenerationEnded EndOfRun(GenerationEnd reason) => new(1, 7_000, reason);

    private static SessionState Idle(SessionState state, GenerationEnd reason) =>
        state with { Phase = Connected, LastEnd = reason, QueuePosition = null, QueueSize = null };

    private static SessionState Ends(SessionState state, CloseCode code) =>
        state with { Phase = Ended, Code = code, QueuePosition = null, QueueSize = null };

    private static SessionEffect[] Dismissed(CloseCode code) => [new HangUp(Goodbye), new Finish(code), new Dismiss(code)];
    private static SessionEffect[] Failed(CloseCode code) => [new Finish(code), new Dismiss(code)];
    private static SessionEffect[] Leaves(CloseCode code, WireClose? passedOn) => [new HangUp(passedOn), new Finish(code)];
}
