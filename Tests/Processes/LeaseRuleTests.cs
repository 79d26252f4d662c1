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
}
