using FsCheck.Fluent;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeBackoffTests
{
    [Theory]
    [InlineData(1, 0.5, null, 0.5)]
    [InlineData(2, 0.5, null, 1)]
    [InlineData(5, 0.25, null, 4)]
    [InlineData(9, 0.5, null, 128)]
    [InlineData(10, 0.5, null, 150)]
    [InlineData(int.MaxValue, 0.5, null, 150)]
    [InlineData(3, 0, null, 0)]
    [InlineData(1, 0.5, 30, 30)]
    [InlineData(10, 0.5, 30, 150)]
    [InlineData(1, 0, 3600, 3600)]
    public void The_delay_is_a_share_of_what_doubles_and_never_less_than_asked_for(int attempt, double random, int? after, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), StripeBackoff.DelayAfter(attempt, random, after is { } asked ? TimeSpan.FromSeconds(asked) : null));

    [Fact]
    public void It_stays_within_what_was_asked_for_and_five_minutes()
    {
        var samples = Arb.From(
            from attempt in Gen.Choose(1, 100)
            from random in Gen.Choose(0, 999_999)
            from after in Gen.Choose(-1, 7200)
            select (Attempt: attempt, Random: random / 1e6, After: after < 0 ? (TimeSpan?)null : TimeSpan.FromSeconds(after)));

        Laws.Hold(samples, sample =>
        {
            var delay = StripeBackoff.DelayAfter(sample.Attempt, sample.Random, sample.After);
            var floor = sample.After ?? TimeSpan.Zero;
            Assert.InRange(delay, floor, floor > TimeSpan.FromMinutes(5) ? floor : TimeSpan.FromMinutes(5));
        });
    }
}
