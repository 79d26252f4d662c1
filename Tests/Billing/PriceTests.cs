using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

public class PriceTests
{
    /// <summary>Below one unit a second, so that the longest count there is stays within 64 bits.</summary>
    private static readonly Gen<Price> Prices =
        from micros in Gen.Choose(0, 999_999)
        from fraction in Gen.Elements(0m, 0.5m, 0.333333333333m, 0.999999999999999999m, 0.0000000000000000000000001m)
        from mode in Gen.Elements(RoundingMode.Ceil, RoundingMode.Floor)
        from step in Gen.Elements(1, 6, 30, 60)
        from minimum in Gen.Elements(0, 1, 10, 45)
        select new Price(micros + fraction, new Rounding(mode, step, minimum));

    /// <summary>A price and one generation's milliseconds in the order they come.</summary>
    private static readonly Arbitrary<(Price Price, long[] Marks)> Generations = Arb.From(
        from price in Prices
        from marks in Gen.OneOf(Samples.Longs(0, 200_000), Samples.Longs(0, Seconds.MaxMilliseconds)).NonEmptyListOf()
        select (Price: price, Marks: marks.Order().ToArray()),
        sample => sample.Marks is [_] ? [] : sample.Marks.Select((_, i) => (sample.Price, sample.Marks.Where((_, j) => j != i).ToArray())));

    [Theory]
    [InlineData("0", 60_000, 0)]
    [InlineData("1000", 60_000, 60_000)]
    [InlineData("1000", 1_001, 2_000)]
    [InlineData("0.4", 1_000, 0)]
    [InlineData("0.4", 2_000, 0)]
    [InlineData("0.4", 3_000, 1)]
    [InlineData("333.333333", 3_000, 999)]
    [InlineData("1000000", Seconds.MaxMilliseconds, 9_007_199_254_741_000_000)]
    public void The_whole_generation_is_charged_once_and_cut_off_to_whole_micros(string microsPerSecond, long milliseconds, long micros)
    {
        var price = new Price(decimal.Parse(microsPerSecond), Rounding.Default);

        Assert.Equal(micros, price.Settled(milliseconds, closed: true));
    }

    [Fact]
    public void A_price_is_not_negative() => Assert.Throws<ArgumentOutOfRangeException>(() => new Price(-0.01m, Rounding.Default));

    [Fact]
    public void A_charge_that_no_wallet_holds_is_an_error_and_not_a_small_number() =>
        Assert.Throws<OverflowException>(() => new Price(1_000_000_000m, Rounding.Default).Settled(Seconds.MaxMilliseconds, closed: true));

    [Fact]
    public void A_charge_never_falls_while_the_milliseconds_grow() =>
        Laws.Hold(Generations, generation =>
        {
            var (price, marks) = generation;

            Assert.All(marks.Zip(marks.Skip(1)), step =>
            {
                Assert.True(price.Settled(step.First, closed: false) <= price.Settled(step.Second, closed: false));
                Assert.True(price.Settled(step.First, closed: true) <= price.Settled(step.Second, closed: true));
            });
        });

    [Fact]
    public void To_close_a_generation_never_gives_back() =>
        Laws.Hold(Generations, generation =>
        {
            var (price, marks) = generation;

            Assert.All(marks, mark => Assert.True(price.Settled(mark, closed: false) <= price.Settled(mark, closed: true)));
        });

    [Fact]
    public void Settlements_add_up_to_the_charge_however_many_there_are() =>
        Laws.Hold(Generations, generation =>
        {
            var (price, marks) = generation;
            var cumulative = marks.Select(mark => price.Settled(mark, closed: false)).Append(price.Settled(marks[^1], closed: true)).ToList();

            var posted = cumulative.Prepend(0).Zip(cumulative, (from, to) => to - from).ToList();

            Assert.All(posted, amount => Assert.True(amount >= 0));
            Assert.Equal(price.Settled(marks[^1], closed: true), posted.Sum());
        });

    [Fact]
    public void Closing_adds_one_step_at_most_or_what_the_minimum_lacks() =>
        Laws.Hold(Generations, generation =>
        {
            var (price, marks) = generation;

            Assert.All(marks, mark =>
            {
                var open = price.Rounding.Units(mark, closed: false);
                var closed = price.Rounding.Units(mark, closed: true);
                Assert.InRange(closed - open, 0, Math.Max(price.Rounding.StepSeconds, price.Rounding.MinimumSeconds - open));
            });
        });
}
