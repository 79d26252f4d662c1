using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

/// <summary>The longest run that an amount pays for: the inverse of what a run costs.</summary>
public sealed class AffordableTests
{
    /// <summary>Prices as they are kept: six decimals.</summary>
    private static readonly Arbitrary<(Price Price, long Micros)> Amounts = Arb.From(
        from whole in Gen.Elements(0, 1, 999, 10_000, 999_999, int.MaxValue)
        from fraction in Gen.Choose(0, 999_999)
        from mode in Gen.Elements(RoundingMode.Ceil, RoundingMode.Floor)
        from step in Gen.Elements(1, 6, 30, 60)
        from minimum in Gen.Elements(0, 1, 10, 45)
        from micros in Gen.OneOf(Samples.Longs(0, 2_000_000), Samples.Longs(0, 1_000_000_000_000_000_000))
        select (Price: new Price(whole + fraction / 1_000_000m, new Rounding(mode, step, minimum)), Micros: micros),
        sample => Samples.Smaller(sample.Micros).Select(micros => (sample.Price, micros)));

    [Theory]
    // price, rounding, micros -> milliseconds
    [InlineData("10000", RoundingMode.Ceil, 1, 0, -1, 0)]
    [InlineData("10000", RoundingMode.Ceil, 1, 0, 0, 0)]
    [InlineData("10000", RoundingMode.Ceil, 1, 0, 9_999, 0)]
    [InlineData("10000", RoundingMode.Ceil, 1, 0, 10_000, 1_000)]
    [InlineData("10000", RoundingMode.Ceil, 1, 0, 19_999, 1_000)]
    [InlineData("10000", RoundingMode.Floor, 1, 0, 10_000, 1_999)]
    [InlineData("10000", RoundingMode.Ceil, 30, 0, 299_999, 0)]
    [InlineData("10000", RoundingMode.Ceil, 30, 0, 300_000, 30_000)]
    [InlineData("10000", RoundingMode.Floor, 30, 0, 0, 29_999)]
    [InlineData("10000", RoundingMode.Ceil, 1, 10, 99_999, 0)]
    [InlineData("10000", RoundingMode.Ceil, 1, 10, 100_000, 10_000)]
    [InlineData("10000", RoundingMode.Floor, 30, 10, 100_000, 29_999)]
    [InlineData("0.4", RoundingMode.Ceil, 1, 0, 0, 2_000)]
    [InlineData("0.4", RoundingMode.Ceil, 1, 0, 1, 4_000)]
    [InlineData("0", RoundingMode.Ceil, 1, 0, -1, 0)]
    [InlineData("0", RoundingMode.Ceil, 1, 0, 0, Seconds.MaxMilliseconds / 1_000 * 1_000)]
    [InlineData("0", RoundingMode.Floor, 60, 0, 0, Seconds.MaxMilliseconds)]
    [InlineData("999999999999999999.999999", RoundingMode.Ceil, 1, 0, 1_000_000_000_000_000_000, 1_000)]
    [InlineData("0.000001", RoundingMode.Ceil, 1, 0, long.MaxValue, Seconds.MaxMilliseconds / 1_000 * 1_000)]
    public void Pays_for_so_many_milliseconds(string price, RoundingMode mode, int step, int minimum, long micros, long milliseconds) =>
        Assert.Equal(milliseconds, new Price(decimal.Parse(price), new Rounding(mode, step, minimum)).Affordable(micros));

    [Fact]
    public void It_is_paid_for_and_one_millisecond_more_is_not() =>
        Laws.Hold(Amounts, tests: 5_000, law: sample =>
        {
            var (price, micros) = sample;

            var longest = price.Affordable(micros);

            Assert.InRange(longest, 0, Seconds.MaxMilliseconds);
            Assert.InRange(price.Settled(longest, closed: true), 0, micros);
            // The last whole second is the end of what can be counted at all.
            if (longest < Seconds.MaxMilliseconds / 1_000 / 60 * 60_000)
                Assert.True(price.Settled(longest + 1, closed: true) > micros, $"{longest + 1} ms cost {price.Settled(longest + 1, closed: true)}");
        });

    [Fact]
    public void It_never_falls_while_the_amount_grows() =>
        Laws.Hold(Amounts, sample => Assert.True(sample.Price.Affordable(sample.Micros) <= sample.Price.Affordable(sample.Micros + 1)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000_000_000_000_000)]
    public void A_price_of_many_decimals_is_no_error(long micros) =>
        Assert.Equal(Seconds.MaxMilliseconds / 1_000 * 1_000, new Price(0.0000000000000000000000001m, Rounding.Default).Affordable(micros));
}
