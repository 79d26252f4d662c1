using System.Text;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.LiveStyler;

namespace Orchestrator.Tests.Providers.LiveStyler;

/// <summary>The dialect's words for clients that hold no WebSocket, byte for byte.</summary>
public class LiveStylerSignalingTests
{
    private const string BrowserCandidate = """{"candidate":"candidate:1 1 udp 2122260223 192.0.2.5 50000 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}""";

    private static readonly LiveStylerDialect Dialect = new();
    private static readonly ISignaling Current = Dialect.SignalingOf(version: null)!;
    private static readonly ISignaling Older = Dialect.SignalingOf(LiveStylerDialect.July2025)!;

    [Fact]
    public void An_offer_comes_after_the_start_of_the_session_and_in_July_by_itself()
    {
        Assert.Equal(["""{"type":"session_start"}""", """{"type":"offer","sdp":"v=0\r\n"}"""], Text(Current.Offer("v=0\r\n")));
        Assert.Equal(["""{"type":"offer","payload":{"data":{"type":"offer","sdp":"v=0\r\n"}}}"""], Text(Older.Offer("v=0\r\n")));
    }

    [Fact]
    public void A_candidate_has_the_documented_members_alone()
    {
        const string members = """{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1 1 udp 2122260223 192.0.2.5 50000 typ host"}""";

        Assert.Equal([$$"""{"type":"candidate","candidate":{{members}}}"""], Text(Current.Candidate(BrowserCandidate)));
        Assert.Equal([$$"""{"type":"ice_candidate","payload":{{members}}}"""], Text(Older.Candidate(BrowserCandidate)));
    }

    [Fact]
    public void For_the_end_of_candidates_prompts_and_images_it_has_no_words()
    {
        foreach (var signaling in new[] { Current, Older })
            Assert.Empty(signaling.Candidate(candidate: null).Concat(signaling.Prompt("a cat", enhance: true)).Concat(signaling.Image("AAAA", "a cat", enhance: false)));
    }

    public static TheoryData<string, SignalingWord> Words => new()
    {
        { """{"type":"node_status","status":"waiting"}""",                               new(SignalingWordKind.Ready) },
        { """{"type":"node_status","status":"pending"}""",                               default },
        { """{"type":"auth_success"}""",                                                 default },
        { """{"type":"answer","sdp":"v=0"}""",                                           new(SignalingWordKind.Answer, "v=0") },
        { """{"type":"answer","payload":{"type":"answer","sdp":"v=0"}}""",               new(SignalingWordKind.Answer, "v=0") },
        { """{"type":"answer","payload":{"data":{"sdp":"v=0"}}}""",                      new(SignalingWordKind.Answer, "v=0") },
        { """{"type":"answer","payload":"v=0"}""",                                       new(SignalingWordKind.Answer, "v=0") },
        { """{"type":"answer"}""",                                                       new(SignalingWordKind.Answer) },
        { """{"type":"answer","payload":7}""",                                           new(SignalingWordKind.Answer) },
        { """{"type":"candidate","candidate":{"candidate":"candidate:1"}}""",            new(SignalingWordKind.Candidate, """{"candidate":"candidate:1"}""") },
        { """{"type":"ice_candidate","payload":{"candidate":"candidate:1"}}""",          new(SignalingWordKind.Candidate, """{"candidate":"candidate:1"}""") },
        { """{"type":"ice_candidate","payload":{"candidate":{"candidate":"c"}}}""",      new(SignalingWordKind.Candidate, """{"candidate":"c"}""") },
        { """{"type":"x","error":"Failed to start a stopped node."}""",                  new(SignalingWordKind.Full, "Failed to start a stopped node.") },
        { """{"type":"error","message":"Not allowed","error":"Not allowed"}""",           new(SignalingWordKind.Error, "Not allowed") },
        { """{"type":"node_status","status":"full"}""",                                  new(SignalingWordKind.Full) },
        { """{"type":"x"}""",                                                            default },
        { "x",                                                                           default },
    };

    [Theory, MemberData(nameof(Words))]
    public void A_frame_of_the_provider_says(string frame, SignalingWord word)
    {
        Assert.Equal(word, Current.Read(Encoding.UTF8.GetBytes(frame)));
        Assert.Equal(word, Older.Read(Encoding.UTF8.GetBytes(frame)));
    }

    private static IEnumerable<string> Text(IReadOnlyList<byte[]> frames) => frames.Select(frame => Encoding.UTF8.GetString(frame));
}
