using Orchestrator.Domain.Sessions;

namespace Orchestrator.Tests.Sessions;

public class PeerCloseTests
{
    public static TheoryData<int?, int> Codes => new()
    {
        // said   told the other side
        { null,   1000 },
        { 1000,   1000 },
        { 1001,   1001 },
        { 1002,   1002 },
        { 1003,   1003 },
        { 1004,   1011 },
        { 1005,   1000 },
        { 1006,   1011 },
        { 1007,   1007 },
        { 1008,   1008 },
        { 1009,   1009 },
        { 1010,   1010 },
        { 1011,   1011 },
        { 1012,   1012 },
        { 1013,   1013 },
        { 1014,   1014 },
        { 1015,   1011 },
        { 1016,   1011 },
        { 2999,   1011 },
        { 3000,   3000 },
        { 4999,   4999 },
        { 5000,   1011 },
        { 999,    1011 },
        { 0,      1011 },
        { -1,     1011 },
        { 65_535, 1011 },
    };

    [Theory, MemberData(nameof(Codes))]
    public void A_code_travels_with_its_reason_or_is_replaced_without_it(int? code, int told)
    {
        var forwarded = new PeerClose(code, "words").Forwarded;

        Assert.Equal(new WireClose(told, code == told ? "words" : null), forwarded);
    }

    [Fact]
    public void A_peer_that_vanished_is_an_error_to_the_other_side() => Assert.Equal(new WireClose(1011, null), PeerClose.Gone.Forwarded);

    [Fact]
    public void A_peer_that_broke_the_protocol_is_an_error_to_the_other_side_and_did_not_vanish() =>
        Assert.Equal((new WireClose(1011, null), false, true), (PeerClose.Broken.Forwarded, PeerClose.Broken.Vanished, PeerClose.Broken.IsAbnormal));

    [Fact]
    public void A_peer_that_vanished_said_nothing_whatever_is_known_of_it() =>
        Assert.Equal(new WireClose(1011, null), new PeerClose(1000, "words", Vanished: true).Forwarded);
}
