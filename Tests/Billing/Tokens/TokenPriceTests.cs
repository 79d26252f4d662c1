using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing.Tokens;

public class TokenPriceTests
{
    /// <summary>Four dollars for text, thirty-two for audio, five for images, 0.4 and 0.5 cached, sixteen and sixty-four out, by the million; 0.006 a minute.</summary>
    private static readonly TokenPrice Usual = new(4_000_000, 32_000_000, 5_000_000, 400_000, 400_000, 500_000, 16_000_000, 64_000_000, 100_000);

    private static readonly Gen<decimal> Micros =
        from whole in Samples.Longs(0, 100_000_000)
        from fraction in Gen.Elements(0m, 0.5m, 0.333333m, 0.999999m)
        select whole + fraction;

    private static readonly Gen<TokenPrice> Prices = from prices in Micros.ArrayOf(TokenKinds.Count) select new TokenPrice(prices);

    private static readonly Gen<TokenCounts> Usages =
        from counts in Gen.OneOf(Samples.Longs(0, 100_000).Select(count => (long?)count), Gen.Constant((long?)null)).ArrayOf(TokenKinds.Count)
        select new TokenCounts(counts);

    private static readonly Arbitrary<(TokenPrice Price, TokenCounts[] Responses)> Sessions = Arb.From(
        from price in Prices
        from responses in Usages.NonEmptyListOf()
        select (price, responses.ToArray()),
        sample => sample.Item2 is [_] ? [] : sample.Item2.Select((_, i) => (sample.price, sample.Item2.Where((_, j) => j != i).ToArray())));

    [Theory]
    [InlineData(TokenKind.TextIn, 1_000_000, 4_000_000)]
    [InlineData(TokenKind.AudioIn, 13, 416)]
    [InlineData(TokenKind.CachedTextIn, 64, 25)]
    [InlineData(TokenKind.CachedTextIn, 2, 0)]
    [InlineData(TokenKind.AudioOut, 91, 5_824)]
    [InlineData(TokenKind.TranscribedMs, 60_000, 6_000)]
    public void Each_kind_has_its_own_price_and_the_sum_is_cut_off_to_whole_micros(TokenKind kind, long count, long micros) =>
        Assert.Equal(micros, Usual.Settled(new TokenCounts([.. TokenKinds.All.Select(other => (long?)(other == kind ? count : 0))])));

    [Fact]
    public void The_cached_part_of_the_input_has_the_cached_price_and_the_rest_the_usual_one()
    {
        var usage = TokenRule.Read(new TokenReport(
            "resp_1", TokenSource.Response, new TokenParts(132, 119, 13, 0), new TokenParts(64, 64, 0, 0), new TokenParts(121, 30, 91, null), 253));

        Assert.Equal(55 * 4 + 13 * 32 + (long)(64 * 0.4m) + 30 * 16 + 91 * 64, Usual.Settled(usage.Counts));
    }

    [Fact]
    public void What_is_unknown_costs_nothing() => Assert.Equal(8, Usual.Settled(new TokenCounts(2, null, null, null, null, null, null, null)));

    [Theory]
    [InlineData("-0.000001")]
    [InlineData("0.0000001")]
    [InlineData("1000000000000.000001")]
    public void A_price_is_neither_negative_nor_finer_nor_larger_than_is_reckoned_with(string micros) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenPrice([decimal.Parse(micros), .. Enumerable.Repeat(0m, TokenKinds.Count - 1)]));

    [Fact]
    public void A_charge_that_no_wallet_holds_is_an_error_and_not_a_small_number() => Assert.Throws<OverflowException>(
        () => new TokenPrice([.. Enumerable.Repeat(TokenPrice.MaxMicrosPerMillion, TokenKinds.Count)]).Settled(new TokenCounts(10_000_000_000_000)));

    [Fact]
    public void However_responses_are_settled_together_they_cost_the_same() =>
        Laws.Hold(Sessions, session =>
        {
            var (price, responses) = session;
            var cumulative = responses.Aggregate(new List<TokenCounts> { TokenCounts.Zero }, (sums, next) => [.. sums, sums[^1].Plus(next)]);

            var each = cumulative.Zip(cumulative.Skip(1), (from, to) => new TokenAccount(to, from, []).ChargeOf(price)).ToList();
            var pairs = cumulative.Chunk(2).Select(pair => pair[^1]).Prepend(TokenCounts.Zero).ToList();
            var inPairs = pairs.Zip(pairs.Skip(1), (from, to) => new TokenAccount(to, from, []).ChargeOf(price)).ToList();

            Assert.All(each.Concat(inPairs), charge => Assert.True(charge >= 0));
            Assert.Equal(price.Settled(cumulative[^1]), each.Sum());
            Assert.Equal(price.Settled(pairs[^1]), inPairs.Sum());
        });

    [Fact]
    public void The_order_of_responses_changes_no_bill() =>
        Laws.Hold(Sessions, session =>
        {
            var (price, responses) = session;

            Assert.Equal(
                price.Settled(responses.Aggregate(TokenCounts.Zero, (sum, next) => sum.Plus(next))),
                price.Settled(responses.Reverse().Aggregate(TokenCounts.Zero, (sum, next) => sum.Plus(next))));
        });

    [Fact]
    public void Without_a_price_a_payer_is_charged_nothing() =>
        Assert.Equal(0, new TokenAccount(new TokenCounts(1_000_000), TokenCounts.Zero, [KeyValuePair.Create(default(TenantId), (TokenPrice?)null)]).ChargeOf(price: null));
}
