using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

/// <summary>Who of a batch gets how much, and who of a batch may open at all.</summary>
public sealed class HoldPolicyTests
{
    private static readonly TenantId Root = Id(1);
    private static readonly TenantId Leaf = Id(2);

    private static readonly Price Cent = new(10_000, Rounding.Default);
    private static readonly Price TwoCents = new(20_000, Rounding.Default);
    private static readonly Price Halfminutes = new(10_000, new Rounding(StepSeconds: 30));
    private static readonly Price Free = new(0, Rounding.Default);

    /// <summary>One request: what it has, has settled and wants, at which prices of root and leaf, with how many cents left in each.</summary>
    public static TheoryData<string, HoldRequest, long, long, long, long[]> Requests => new()
    {
        // sentence                                          authorised settled wanted                          root  leaf   -> authorised, held
        { "what is wanted and affordable is held",           Ask(0, 0, 10_000, [Cent, Cent]),                   100,  100,  10_000, [100_000, 100_000] },
        { "the poorer wallet decides",                       Ask(0, 0, 10_000, [Cent, Cent]),                   100,  3,    3_000,  [30_000, 30_000] },
        { "each level at its own price",                     Ask(0, 0, 10_000, [Cent, TwoCents]),               100,  7,    3_000,  [30_000, 60_000] },
        { "what is settled is not held again",               Ask(10_000, 6_000, 16_000, [Cent]),                6,    0,    16_000, [100_000] },
        { "what is authorised stays when nothing is left",   Ask(10_000, 6_000, 16_000, [Cent]),                0,    0,    10_000, [40_000] },
        { "and when there is debt",                          Ask(10_000, 6_000, 16_000, [Cent]),                -50,  0,    10_000, [40_000] },
        { "a wish below what is authorised takes nothing",   Ask(10_000, 6_000, 8_000, [Cent]),                 100,  0,    10_000, [40_000] },
        { "a step is held whole or not at all",              Ask(0, 0, 10_000, [Halfminutes]),                  29,   0,    0,      [0] },
        { "the last chunk ends with a step",                 Ask(30_000, 25_000, 40_000, [Halfminutes]),        29,   0,    30_000, [300_000] },
        { "a started step is paid for whole",                Ask(30_000, 25_000, 40_000, [Halfminutes]),        30,   0,    40_000, [600_000] },
        { "below the least there is nothing",                Ask(0, 0, 10_000, [Cent], least: 1_000),           0,    0,    0,      [0] },
        { "the least is enough",                             Ask(0, 0, 10_000, [Cent], least: 1_000),           1,    0,    1_000,  [10_000] },
        { "what is free is held at nothing",                 Ask(0, 0, 10_000, [Free]),                         0,    0,    10_000, [0] },
        { "unless there is debt",                            Ask(0, 0, 10_000, [Free]),                         -1,   0,    0,      [0] },
        { "without wallets all that is wanted is allowed",   Ask(0, 0, 10_000, []),                             0,    0,    10_000, [] },
    };

    [Theory, MemberData(nameof(Requests))]
    public void Allocates(string sentence, HoldRequest request, long rootCents, long leafCents, long authorised, long[] held)
    {
        var grant = HoldPolicy.Allocate([request], new Dictionary<TenantId, long> { [Root] = rootCents * 10_000, [Leaf] = leafCents * 10_000 }).Single();

        Assert.True(authorised == grant.AuthorisedMs, $"{sentence}: {grant.AuthorisedMs}");
        Assert.Equal(held, grant.HeldMicros);
    }

    [Fact]
    public void Who_asks_first_is_served_first_and_who_can_pay_nothing_leaves_it_to_the_others()
    {
        var grants = HoldPolicy.Allocate(
            [Ask(0, 0, 10_000, [Cent]), Ask(0, 0, 10_000, [Cent, Cent], least: 1_000), Ask(0, 0, 10_000, [Cent]), Ask(0, 0, 10_000, [Cent])],
            new Dictionary<TenantId, long> { [Root] = 150_000, [Leaf] = 0 });

        Assert.Equal([10_000, 0, 5_000, 0], grants.Select(grant => grant.AuthorisedMs));
    }

    [Fact]
    public void Nothing_is_taken_back_and_no_wallet_gives_more_than_it_has()
    {
        var requests = Samples.SequencesOf(
            from authorised in Gen.Choose(0, 20_000) from settled in Gen.Choose(0, authorised) from wanted in Gen.Choose(0, 40_000)
            from leaf in Gen.Elements(true, false) from least in Gen.Elements(0, 1_000) from price in Gen.Elements(Cent, TwoCents, Halfminutes, Free)
            select Ask(authorised, settled, wanted, leaf ? [price, TwoCents] : [price], least), max: 8);

        Laws.Hold(requests.Zip(Arb.From(Gen.Choose(-100_000, 900_000))), sample =>
        {
            var (batch, available) = sample;
            var wallets = new Dictionary<TenantId, long> { [Root] = available, [Leaf] = 200_000 };

            var grants = HoldPolicy.Allocate(batch, wallets);

            foreach (var (wallet, left) in wallets)
            {
                var taken = batch.Zip(grants).Sum(pair => pair.First.Levels.Select((level, i) => level.Wallet != wallet ? 0
                    : pair.Second.HeldMicros[i] - HoldPolicy.Held(level.Price, pair.First.AuthorisedMs, pair.First.SettledMs)).Sum());
                Assert.InRange(taken, 0, Math.Max(0, left));
            }

            Assert.All(batch.Zip(grants), pair => Assert.InRange(
                pair.Second.AuthorisedMs, pair.First.AuthorisedMs, Math.Max(pair.First.AuthorisedMs, pair.First.WantedMs)));
        });
    }

    [Theory]
    // cents in the wallet, places -> what becomes of three that want to open
    [InlineData(100, 9, "10000 10000 10000")]
    [InlineData(12, 9, "10000 2000 InsufficientCredits")]
    [InlineData(100, 2, "10000 10000 ConcurrencyExceeded")]
    [InlineData(5, 1, "5000 ConcurrencyExceeded ConcurrencyExceeded")]
    [InlineData(0, 1, "InsufficientCredits InsufficientCredits InsufficientCredits")]
    [InlineData(0, 0, "ConcurrencyExceeded ConcurrencyExceeded ConcurrencyExceeded")]
    public void Admits(long cents, int places, string expected)
    {
        var request = new AdmissionRequest([Root], [new HoldLevel(Root, Cent)]);

        var decisions = AdmissionPolicy.Decide(
            [request, request, request], [new ConcurrencyLimit(Root, Live: 0, places)], new Dictionary<TenantId, long> { [Root] = cents * 10_000 });

        Assert.Equal(expected, string.Join(' ', decisions.Select(decision => decision.Refused?.ToString() ?? $"{decision.Hold!.AuthorisedMs}")));
    }

    [Fact]
    public void Who_is_refused_for_want_of_credit_takes_no_place_from_those_behind_nor_the_other_way_round()
    {
        var (poor, rich, full) = (Id(3), Id(4), Id(5));

        var decisions = AdmissionPolicy.Decide(
            [
                new AdmissionRequest([Root, poor], [new HoldLevel(Root, Cent), new HoldLevel(poor, Cent)]),
                new AdmissionRequest([Root, full], [new HoldLevel(Root, Cent)]),
                new AdmissionRequest([Root, rich], [new HoldLevel(Root, Cent)]),
                new AdmissionRequest([Root, rich], [new HoldLevel(Root, Cent)]),
            ],
            [new ConcurrencyLimit(Root, Live: 3, Limit: 4), new ConcurrencyLimit(full, Live: 0, Limit: 0)],
            new Dictionary<TenantId, long> { [Root] = 100_000, [poor] = 0 });

        Assert.Equal([CloseCode.InsufficientCredits, CloseCode.ConcurrencyExceeded, null, CloseCode.ConcurrencyExceeded], decisions.Select(decision => decision.Refused));
        Assert.Equal((10_000, 100_000), (decisions[2].Hold!.AuthorisedMs, decisions[2].Hold!.Held.Single().Value));
    }

    [Fact]
    public void Where_no_wallet_limits_a_session_is_admitted_without_a_hold_and_one_that_stands_takes_nothing()
    {
        var decisions = AdmissionPolicy.Decide(
            [new AdmissionRequest([Root], []), new AdmissionRequest([], []), new AdmissionRequest([Root], [])],
            [new ConcurrencyLimit(Root, Live: 0, Limit: 1)], new Dictionary<TenantId, long>());

        Assert.Equal([new AdmissionDecision(null, null), new(null, null), new(CloseCode.ConcurrencyExceeded, null)], decisions);
    }

    internal static TenantId Id(byte last) => new(new Guid(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last));

    private static HoldRequest Ask(long authorised, long settled, long wanted, Price[] prices, long least = 0) =>
        new(authorised, settled, wanted, [.. prices.Select((price, i) => new HoldLevel(i == 0 ? Root : Leaf, price))], least);
}
