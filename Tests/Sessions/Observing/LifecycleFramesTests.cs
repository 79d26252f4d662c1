using System.Text;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions.Observing;

namespace Orchestrator.Tests.Sessions.Observing;

/// <summary>What observers are told of a session, to the byte.</summary>
public class LifecycleFramesTests
{
    private static readonly SessionState Connecting = new(SessionPhase.Connecting);

    public static TheoryData<string, SessionState, SessionEvent, string?> Frames => new()
    {
        { "dialled", SessionState.New, new SessionEvent.Admitted(), """{"type":"session.updated","phase":"connecting"}""" },
        { "queued", Connecting, new SessionEvent.Queued(2, 7), """{"type":"session.updated","phase":"waiting","node":"pending","queue_position":2,"queue_size":7}""" },
        { "full", Connecting, new SessionEvent.NodeReported(NodeStatus.Full), """{"type":"session.updated","phase":"waiting","node":"full"}""" },
        { "answered", Connecting, new SessionEvent.MediaAnswered(), """{"type":"session.updated","phase":"connected","node":"waiting"}""" },
        { "started", Connecting, new SessionEvent.GenerationStarted(1), """{"type":"generation.started","run":1,"phase":"generating","node":"waiting"}""" },
        {
            "ended", new(SessionPhase.Generating), new SessionEvent.GenerationEnded(2, 12_345, GenerationEnd.InsufficientCredits),
            """{"type":"generation.ended","run":2,"seconds":12.345,"reason":"insufficient_credits","phase":"connected"}"""
        },
        { "stalled", new(SessionPhase.Generating), new SessionEvent.GenerationStalled(1, 5), """{"type":"session.updated","phase":"stalled"}""" },
        { "named", Connecting, new SessionEvent.UpstreamNamed("the provider's own"), null },
        { "over", Connecting, new SessionEvent.CloseRequested(CloseCode.EndedByTenant), null },
    };

    [Theory, MemberData(nameof(Frames))]
    public void What_happens_is_told_as_a_frame(string what, SessionState before, SessionEvent @event, string? expected)
    {
        var frame = LifecycleFrames.Of(before, SessionMachine.Apply(before, @event).Next, @event);

        Assert.True(expected == (frame is null ? null : Encoding.UTF8.GetString(frame)), $"{what}: {(frame is null ? "nothing" : Encoding.UTF8.GetString(frame))}");
    }

    [Fact]
    public void The_end_tells_the_final_mark_and_why() => Assert.Equal(
        """{"type":"session.ended","seconds":12.040,"code":4002,"reason":"ended_by_tenant"}""",
        Encoding.UTF8.GetString(LifecycleFrames.Ended(12_040, CloseCode.EndedByTenant)));
}
