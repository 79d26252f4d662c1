using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Tests.Support;
using static Orchestrator.Domain.Sessions.SessionEffect;
using static Orchestrator.Domain.Sessions.SessionEvent;

namespace Orchestrator.Tests.Sessions;

public class SessionLawTests
{
    private static readonly Gen<CloseCode> Codes = Gen.Elements(Enum.GetValues<CloseCode>());

    private static readonly Gen<PeerClose> Closes = Gen.Elements<PeerClose>(
        PeerClose.Gone, new(null, null), new(1000, "bye"), new(1006, null), new(1008, null), new(1011, null), new(1013, null), new(4400, "no"));

    private static readonly Gen<SessionEvent> Endings = Gen.OneOf(
        Codes.Select(code => (SessionEvent)new CloseRequested(code)),
        Codes.Select(code => (SessionEvent)new UpstreamFailed(code)),
        Closes.Select(close => (SessionEvent)new UpstreamLeft(close)),
        Closes.Select(close => (SessionEvent)new ClientLeft(close)));

    private static readonly Gen<SessionEvent> News = Gen.OneOf(
        Gen.Elements<SessionEvent>(
            new Admitted(), new UpstreamOpened(), new UpstreamNamed("u1"), new UpstreamNamed("u2"), new MediaOffered(), new MediaAnswered(),
            new ProviderComplained("oops"), new Queued(1, 5), new Queued(null, null),
            new GenerationStarted(1), new GenerationStalled(1, 1), new GenerationResumed(1, 2)),
        Gen.Elements(Enum.GetValues<NodeStatus>()).Select(status => (SessionEvent)new NodeReported(status)),
        Gen.Elements(Enum.GetValues<GenerationEnd>()).Select(reason => (SessionEvent)new GenerationEnded(1, 3, reason)));

    private static readonly Arbitrary<SessionEvent[]> Stories = Samples.SequencesOf(Gen.Frequency((8, News), (1, Endings)), max: 30);

    [Fact]
    public void A_session_ends_once_and_its_first_code_wins() =>
        Laws.Hold(Stories, tests: 2_000, law: story =>
        {
            var steps = Run(story);

            var finished = steps.SelectMany(step => step.Effects).OfType<Finish>().ToList();
            Assert.Equal(story.Any(IsEnding) ? 1 : 0, finished.Count);
            Assert.All(steps, step => Assert.Equal(step.Next.Phase is SessionPhase.Ended ? finished[0].Code : null, step.Next.Code));
        });

    [Fact]
    public void One_upstream_is_dialled_at_most() =>
        Laws.Hold(Stories, story => Assert.InRange(Run(story).SelectMany(step => step.Effects).OfType<DialUpstream>().Count(), 0, 1));

    [Fact]
    public void After_the_end_only_a_late_dial_is_answered() =>
        Laws.Hold(Stories, story =>
        {
            var late = Run(story).Zip(story).SkipWhile(pair => !IsEnding(pair.Second)).Skip(1);

            Assert.All(late, pair => Assert.Equal(
                pair.Second is UpstreamOpened ? [new HangUp(new WireClose(1000, null))] : Array.Empty<SessionEffect>(), pair.First.Effects));
        });

    [Fact]
    public void Whoever_has_not_left_by_itself_is_told_once_the_books_are_closed() =>
        Laws.Hold(Stories.Generator.Zip(Endings).ToArbitrary(), sample =>
        {
            var (story, ending) = sample;
            var before = Run(story.Where(@event => !IsEnding(@event))) is [.., var last] ? last.Next : SessionState.New;

            var effects = SessionMachine.Apply(before, ending).Effects;

            Assert.Equal(ending is not ClientLeft, effects[^1] is Dismiss or ForwardClose);
            Assert.IsType<Finish>(ending is ClientLeft ? effects[^1] : effects[^2]);
            Assert.Equal(ending is not (UpstreamLeft or UpstreamFailed), effects[0] is HangUp);
        });

    [Fact]
    public void Only_who_waits_has_a_place_in_the_queue() =>
        Laws.Hold(Stories, tests: 2_000, law: story =>
            Assert.All(Run(story), step => Assert.True(step.Next is { Phase: SessionPhase.Waiting } or { QueuePosition: null, QueueSize: null })));

    [Fact]
    public void Closes_that_the_machine_sends_may_travel() =>
        Laws.Hold(Stories, story =>
        {
            var sent = Run(story).SelectMany(step => step.Effects).Select(effect => (effect as HangUp)?.Close ?? (effect as ForwardClose)?.Close);

            Assert.All(sent.OfType<WireClose>(), close => Assert.True(PeerClose.MayTravel(close.Code)));
        });

    private static bool IsEnding(SessionEvent @event) => @event is CloseRequested or UpstreamFailed or UpstreamLeft or ClientLeft;

    private static List<Transition> Run(IEnumerable<SessionEvent> story)
    {
        var steps = new List<Transition>();
        foreach (var @event in story)
            steps.Add(SessionMachine.Apply(steps is [.., var last] ? last.Next : SessionState.New, @event));
        return steps;
    }
}
