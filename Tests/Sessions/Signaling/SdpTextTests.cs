using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Tests.Sessions.Signaling;

public class SdpTextTests
{
    private const string Head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    private const string Audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:sound\r\na=ice-ufrag:Ab3d\r\n";
    private const string Video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n";

    [Theory]
    [InlineData(Head + Audio, true)]
    [InlineData("v=0\nm=video 9 x 1\n", true)]
    [InlineData(Head, false)]
    [InlineData("", false)]
    [InlineData("m=audio 9 x 1\r\n", false)]
    [InlineData(Head + "<html>\r\nm=audio 9 x 1\r\n", false)]
    public void An_offer_has_a_medium_and_nothing_but_lines_of_its_kind(string text, bool isOne) => Assert.Equal(isOne, SdpText.IsOffer(text));

    [Fact]
    public void An_offer_has_a_bound() => Assert.False(SdpText.IsOffer(Head + Audio + "a=" + new string('x', SdpText.MaxLength)));

    [Theory]
    [InlineData(Audio + Video, false)]
    [InlineData(Audio + "a=recvonly\r\n" + Video + "a=sendonly\r\n", false)]
    [InlineData(Audio + "a=recvonly\r\n" + Video + "a=inactive\r\n", true)]
    [InlineData("a=inactive\r\n" + Audio, true)]
    [InlineData("a=inactive\r\n" + Audio + "a=sendrecv\r\n", false)]
    public void A_client_that_sends_nothing_is_known(string media, bool sendsNothing) => Assert.Equal(sendsNothing, SdpText.SendsNothing(Head + media));

    [Fact]
    public void Candidates_are_written_into_the_media_they_belong_to()
    {
        IceCandidate[] candidates =
        [
            new("candidate:1", Mid: "1"), new("candidate:2", Mid: "sound", Line: 1), new("candidate:3", Line: 1), new("candidate:4"), new("candidate:5", Mid: "nowhere", Line: 9),
        ];

        var whole = SdpText.With(Head + Audio + Video, candidates, isEnd: true);

        Assert.Equal(
            Head + Audio + "a=candidate:2\r\na=candidate:4\r\na=candidate:5\r\na=end-of-candidates\r\n" + Video + "a=candidate:1\r\na=candidate:3\r\n", whole);
        Assert.True(SdpText.HasCandidates(whole));
        Assert.False(SdpText.HasCandidates(Head + Audio));
        Assert.Equal("Ab3d", SdpText.UfragOf(whole));
        Assert.Null(SdpText.UfragOf(Head + Video));
    }

    [Fact]
    public void A_description_without_media_stays_as_it_is() => Assert.Equal(Head, SdpText.With(Head, [new IceCandidate("candidate:1")], isEnd: true));
}
