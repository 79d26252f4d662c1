using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Tests.Sessions.Signaling;

public class IceFragmentTests
{
    private const string Host = "candidate:1 1 udp 2122260223 192.0.2.7 50001 typ host";
    private const string Relayed = "candidate:2 1 udp 41885439 198.51.100.9 3478 typ relay raddr 0.0.0.0 rport 0";

    public static TheoryData<string, string, string?, (string, string?, int?)[], bool> Fragments => new()
    {
        { "as the RFC has it", $"a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:Ab3d\r\na=ice-pwd:p\r\na={Host}\r\na={Relayed}\r\n",
            "Ab3d", [(Host, "0", null), (Relayed, "0", null)], false },
        { "credentials before the medium", $"a=ice-ufrag:Ab3d\r\na=ice-pwd:p\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:video\r\na={Host}\r\na=end-of-candidates\r\n",
            "Ab3d", [(Host, "video", null)], true },
        { "the end alone", "a=ice-ufrag:Ab3d\r\na=ice-pwd:p\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n", "Ab3d", [], true },
        { "no medium at all", $"a=ice-ufrag:Ab3d\na={Host}\n", "Ab3d", [(Host, null, 0)], false },
        { "a medium without a name", $"m=audio 9 RTP/AVP 0\na={Host}\nm=video 9 RTP/AVP 0\na={Relayed}", null, [(Host, null, 0), (Relayed, null, 1)], false },
        { "lines that mean nothing", $"a=x-new:1\r\nb=AS:5\r\n\r\na={Host}\r\n", null, [(Host, null, 0)], false },
    };

    [Theory, MemberData(nameof(Fragments))]
    public void A_fragment_is_read_whatever_its_shape(string what, string text, string? ufrag, (string, string?, int?)[] candidates, bool isEnd)
    {
        var fragment = IceFragment.Read(text);

        Assert.True(fragment is not null, what);
        Assert.Equal((ufrag, isEnd), (fragment.Ufrag, fragment.IsEnd));
        Assert.Equal(candidates, fragment.Candidates.Select(candidate => (candidate.Text, candidate.Mid, candidate.Line)));
        Assert.All(fragment.Candidates, candidate => Assert.Equal(ufrag, candidate.Ufrag));
    }

    public static TheoryData<string, string> NoFragments => new()
    {
        { "nothing",                   "" },
        { "JSON",                      """{"candidate":"candidate:1"}""" },
        { "two generations",           "a=ice-ufrag:one\r\nm=audio 9 RTP/AVP 0\r\na=ice-ufrag:two\r\n" },
        { "a candidate that is long",  "a=candidate:" + new string('1', IceCandidate.MaxLength) },
        { "too many candidates",       string.Concat(Enumerable.Repeat($"a={Host}\r\n", IceCandidate.MaxAtOnce + 1)) },
        { "too many media",            string.Concat(Enumerable.Repeat("m=audio 9 RTP/AVP 0\r\n", 33)) },
        { "a candidate with a NUL",    "a=candidate:1 1 udp\0 1\r\n" },
        { "too much",                  "a=" + new string('x', IceFragment.MaxLength) },
    };

    [Theory, MemberData(nameof(NoFragments))]
    public void What_is_none_or_too_much_is_none(string what, string text) => Assert.True(IceFragment.Read(text) is null, what);

    [Theory]
    [InlineData(null, TagMatch.Missing)]
    [InlineData("", TagMatch.Missing)]
    [InlineData("\"a\"", TagMatch.Current)]
    [InlineData("\"b\", \"a\"", TagMatch.Current)]
    [InlineData("\"b\"", TagMatch.Stale)]
    [InlineData("W/\"a\"", TagMatch.Stale)]
    [InlineData("a", TagMatch.Stale)]
    [InlineData("*", TagMatch.Any)]
    [InlineData("\"*\"", TagMatch.Any)]
    public void An_entity_tag_matches_as_a_strong_one(string? header, TagMatch match) => Assert.Equal(match, EntityTags.Match(header, "a"));

    [Fact]
    public void The_end_of_a_generation_says_which() => Assert.Equal("Ab3d", IceFragment.Read("a=ice-ufrag:Ab3d\r\na=end-of-candidates\r\n")!.Ufrag);
}
