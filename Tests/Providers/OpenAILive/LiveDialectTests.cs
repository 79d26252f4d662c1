using System.Text;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Providers.OpenAILive;

namespace Orchestrator.Tests.Providers.OpenAILive;

/// <summary>What the events of the Live API mean to us, and what we say in its words.</summary>
public class LiveDialectTests
{
    private static readonly LiveDialect Dialect = new();

    public static TheoryData<string, FrameSignal> Signals => new()
    {
        { """{"type":"answer","sdp":"v=0","call_id":"live_1"}""",                                new(SignalKind.Answer, Text: "live_1") },
        { """{"type":"ended","call_id":"live_1"}""",                                             new(SignalKind.Ended) },
        { """{"type":"session.started","event_id":"event_1","session":{"id":"live_1"}}""",       default },
        { """{"type":"session.updated","session":{"id":"live_1"}}""",                            default },
        { """{"type":"session.closed","event_id":"event_2","session":{"id":"live_1"}}""",        new(SignalKind.Ended) },
        { """{"type":"error","error":{"message":"no"}}""",                                       new(SignalKind.Error, Text: "no") },
        { """{"type":"error","error":{"code":"session_expired","message":"over"}}""",            new(SignalKind.Expired, Text: "over", End: GenerationEnd.Timeout) },
        { """{"type":"session.created","session":{"id":"sess_1"}}""",                            new(SignalKind.Unknown) },
        { """{"type":"voice.level"}""",                                                          new(SignalKind.Unknown) },
        { """{"session":{"id":"live_1"},"transport":{"type":"webrtc","sdp":"v=0"}}""",           default },
        { """{"type":""",                                                                        default },
        { "no JSON",                                                                             default },
    };

    [Theory, MemberData(nameof(Signals))]
    public void An_event_of_the_provider_is_read(string frame, FrameSignal signal) => Assert.Equal(signal, Dialect.ReadUpstream(Encoding.UTF8.GetBytes(frame)));

    [Theory]
    [InlineData("session.update", SignalKind.None)]
    [InlineData("session.close", SignalKind.None)]
    [InlineData("offer", SignalKind.Offer)]
    [InlineData("response.create", SignalKind.Unknown)]
    public void An_event_of_a_client_is_known_or_not(string type, SignalKind kind) =>
        Assert.Equal(new FrameSignal(kind), Dialect.ReadClient(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}"}""")));

    [Fact]
    public void Our_clock_counts_and_no_WebSocket_opens_a_session()
    {
        Assert.Equal(MeteredBy.OwnClock, Dialect.MeteredBy(version: null));
        Assert.Null(Dialect.Leg);
        Assert.Equal(LiveDialect.Family, Dialect.Version(OpenAIMessages.Offer("v=0", session: null)));
    }

    [Fact]
    public void What_is_not_taken_and_what_ends_is_told_as_its_elder_tells_it()
    {
        var elder = new OpenAIDialect();
        var frame = """{"type":"session.update","event_id":"mine"}"""u8;

        Assert.Equal(elder.Decline(frame, "no"), Dialect.Decline(frame, "no"));
        Assert.All(CloseCodes.All, entry => Assert.Equal(elder.Refusal(entry.Code), Dialect.Refusal(entry.Code)));
        Assert.All(CloseCodes.All, entry => Assert.Equal(elder.Farewell(entry.Code, 1), Dialect.Farewell(entry.Code, 1)));
    }

    [Fact]
    public void An_attachment_that_comes_late_hears_the_first_event() => Assert.Equal(
        """{"type":"session.started","event_id":"event_7","session":{"id":"live_1","model":"gpt-live-1"}}""",
        Encoding.UTF8.GetString(LiveMessages.SessionStarted("event_7", "live_1", "gpt-live-1")));
}
