using Orchestrator.Domain.Processes;

namespace Orchestrator.Tests.Processes;

public class LeaseRuleTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData(0, false)]
    [InlineData(5_999, false)]
    [InlineData(6_000, true)]
    [InlineData(60_000, true)]
    public void Others_are_declared_dead_only_after_a_whole_lease_of_answers(int? answeringForMs, bool may)
    {
        TimeSpan? answeringFor = answeringForMs is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null;

        Assert.Equal(may, LeaseRule.MayDeclareDead(answeringFor));
    }

    [Fact]
    public void A_lease_holds_six_seconds() => Assert.Equal(TimeSpan.FromSeconds(6), LeaseRule.Duration);

    /// <summary>Milliseconds: our own last renewal, each peer's last renewal and how long it has been answered; and whether sessions must end.</summary>
    public static TheoryData<int, (int Since, int? AnsweringFor)[], bool> Isolations => new()
    {
        // Nobody answers, or nobody is answered: the outage is everybody's, as far as can be known.
        { 5_000,  [],                                    false },
        { 60_000, [],                                    false },
        { 60_000, [(59_600, null)],                      false },
        // Others go on renewing.
        { 4_999,  [(300, 600_000)],                      false },
        { 5_000,  [(300, 600_000)],                      true },
        { 60_000, [(300, 600_000)],                      true },
        { 5_000,  [(59_600, null), (300, 600_000)],      true },
        // An outage that has just begun: the last one to be answered does not know it yet.
        { 5_000,  [(4_600, 600_000)],                    false },
        { 5_000,  [(2_501, 600_000)],                    false },
        { 5_000,  [(2_500, 600_000)],                    true },
        // An outage that has just ended: everybody gets a lease to renew, and we are about to.
        { 60_000, [(100, 100)],                          false },
        { 60_000, [(100, 4_999)],                        false },
        { 60_000, [(100, 5_000)],                        true },
        // No one peer is both.
        { 60_000, [(100, 100), (30_000, 600_000)],       false },
    };

    [Theory, MemberData(nameof(Isolations))]
    public void Sessions_end_where_others_renew_and_this_process_cannot(int sinceMs, (int Since, int? AnsweringFor)[] peers, bool must)
    {
        var answers = peers.Select(peer => new PeerRenewal(
            TimeSpan.FromMilliseconds(peer.Since), peer.AnsweringFor is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null));

        Assert.Equal(must, LeaseRule.MustLetGo(TimeSpan.FromMilliseconds(sinceMs), answers));
    }

    [Fact]
    public void There_is_time_to_end_sessions_in_order_before_anybody_may_take_them() =>
        Assert.True(LeaseRule.Patience + TimeSpan.FromSeconds(1) <= LeaseRule.Duration);
}
