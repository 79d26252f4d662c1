using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using static Orchestrator.Domain.Sessions.SessionEvent;
using static Orchestrator.Domain.Sessions.SessionPhase;

namespace Orchestrator.Tests.Sessions;

/// <summary>Every phase against every event: the diagram as a matrix.</summary>
public class SessionPhaseTests
{
    private static readonly SessionPhase[] Phases = [Opening, Connecting, Waiting, Connected, Generating, Stalled, Ended];

    /// <summary>One letter per phase: where the event leads from there. A point stands for "stays".</summary>
    public static TheoryData<SessionEvent, string> Matrix => new()
    {
        // event                                           O C W R G S E
        { new Admitted(),                                 "C . . . . . ." },
        { new UpstreamOpened(),                           ". . . . . . ." },
        { new UpstreamNamed("u1"),                        ". . . . . . ." },
        { new MediaOffered(),                             ". . . . . . ." },
        { new ProviderComplained("oops"),                 ". . . . . . ." },
        { new Queued(1, 2),                               ". W . . . . ." },
        { new NodeReported(NodeStatus.Pending),           ". W . . . . ." },
        { new NodeReported(NodeStatus.Full),              ". W . . . . ." },
        { new NodeReported(NodeStatus.Waiting),           ". R R . . . ." },
        { new MediaAnswered(),                            ". R R . . . ." },
        { new GenerationStarted(1),                       ". G G G . G ." },
        { new GenerationStalled(1, 0),                    ". . . . S . ." },
        { new GenerationResumed(1, 0),                    ". . . . . G ." },
        { new GenerationEnded(1, 0, GenerationEnd.Error), ". R R . R R ." },
        { new CloseRequested(CloseCode.EndedByTenant),    "E E E E E E ." },
        { new UpstreamFailed(CloseCode.ServerBusy),       "E E E E E E ." },
        { new UpstreamLeft(PeerClose.Gone),               "E E E E E E ." },
        { new ClientLeft(PeerClose.Gone),                 "E E E E E E ." },
    };

    [Theory, MemberData(nameof(Matrix))]
    public void Every_phase_answers_every_event(SessionEvent @event, string row)
    {
        var led = Phases.Select(phase => SessionMachine.Apply(new(phase), @event).Next.Phase);

        Assert.Equal(row, string.Join(' ', Phases.Zip(led, (from, to) => from == to ? '.' : Letter(to))));
    }

    [Fact]
    public void The_matrix_leaves_no_event_out() =>
        Assert.Equal(
            typeof(SessionEvent).GetNestedTypes().Order(TypeNames).ToArray(),
            Matrix.Select(row => row[0].GetType()).Distinct().Order(TypeNames).ToArray());

    private static readonly Comparer<Type> TypeNames = Comparer<Type>.Create((one, other) => string.CompareOrdinal(one.Name, other.Name));

    private static char Letter(SessionPhase phase) => phase is Connected ? 'R' : phase.ToString()[0];
}
