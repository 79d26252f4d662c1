using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Tests.Billing;

/// <summary>What becomes of a session's runs and hold, with a cent a second and 5.00 in its wallet.</summary>
public sealed class SettlementPolicyTests
{
    private static readonly TenantId Wallet = HoldPolicyTests.Id(1);
    private static readonly Price Cent = new(10_000, Rounding.Default);

    /// <summary>A session: closed runs, the open one, one that is somebody else's, what is held, what is wanted.</summary>
    public sealed record Case(
        RunAccount? Closed = null, RunAccount? Open = null, int Other = 0, bool IsOver = false, Hold? Hold = null,
        int Run = 1, long? Wanted = null, long Cents = 500, bool IsLimited = true)
    {
        public SessionAccount Account => new(Closed is null ? [] : [Closed], Open, Other, IsOver, Hold, Run, Wanted, [new(Wallet, Cent)]);
    }

    public static TheoryData<string, Case, string> Cases => new()
    {
        // sentence, the session, its hold then, and what is settled and held of the wallet in cents
        { "an open run leaves its last millisecond for the close",      new(Open: Open(1, 6_000)), "none, 5 settled, 0 held" },
        { "a closed one is charged whole",                              new(Closed: Closed(1, 5_001)), "none, 6 settled, 0 held" },
        { "and only what it was not charged yet",                       new(Closed: Closed(1, 5_001, settled: 3_999)), "none, 3 settled, 0 held" },
        { "a hold shrinks by what is settled",                          new(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10)), "run 1: 10000, 6 settled, 4 held" },
        { "and grows by what is wanted",                                new(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10), Wanted: 16_000), "run 1: 16000, 6 settled, 10 held" },
        { "as far as the wallet reaches",                               new(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10), Wanted: 16_000, Cents: 12),
            "run 1: 12000, 6 settled, 6 held" },
        { "it stays when the wallet is empty",                          new(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10), Wanted: 16_000, Cents: 10),
            "run 1: 10000, 6 settled, 4 held" },
        { "and after an overrun nothing is held below zero",            new(Open: Open(1, 11_001), Hold: Held(1, 10_000, 10), Wanted: 21_000, Cents: 10),
            "run 1: 10000, 11 settled, 0 held" },
        { "without a run it may be asked for before the first tick",    new(Hold: Held(1, 10_000, 10), Wanted: 15_000), "run 1: 15000, 0 settled, 15 held" },
        { "a run that closed gives its hold back",                      new(Closed: Closed(1, 2_500), Hold: Held(1, 10_000, 10)), "run 2: 0, 3 settled, 0 held" },
        { "and the next one gets its own",                              new(Closed: Closed(1, 2_500), Open: Open(2, 1_001), Hold: Held(1, 10_000, 10), Run: 2, Wanted: 11_000),
            "run 2: 11000, 4 settled, 10 held" },
        { "also before its row is there",                               new(Closed: Closed(1, 2_500), Hold: Held(1, 10_000, 10), Run: 2, Wanted: 11_000),
            "run 2: 11000, 3 settled, 11 held" },
        { "a late question about a run that closed gets nothing",       new(Closed: Closed(1, 2_500), Hold: Held(1, 10_000, 10), Run: 1, Wanted: 20_000),
            "run 2: 0, 3 settled, 0 held" },
        { "nor does one take the next run's hold",                      new(Hold: Held(2, 10_000, 10), Run: 1, Wanted: 20_000), "run 2: 10000, 0 settled, 10 held" },
        { "a later run waits until the one before is closed",           new(Other: 1, Hold: Held(1, 10_000, 10), Run: 2, Wanted: 11_000),
            "run 1: 10000 deferred, 0 settled, 10 held" },
        { "a run of another epoch is left alone with its hold",         new(Other: 1, Hold: Held(1, 10_000, 10), Run: 0), "run 1: 10000, 0 settled, 10 held" },
        { "a hold of a run before that one goes",                       new(Closed: Closed(1, 2_500), Other: 2, Hold: Held(1, 10_000, 10), Run: 0), "run 2: 0, 3 settled, 0 held" },
        { "a session that is over gives all back",                      new(Closed: Closed(1, 2_500), IsOver: true, Hold: Held(1, 10_000, 10), Run: 0), "none, 3 settled, 0 held" },
        { "even while it wants more",                                   new(IsOver: true, Hold: Held(1, 10_000, 10), Run: 1, Wanted: 20_000), "none, 0 settled, 0 held" },
        { "a limit that was lifted holds nothing any more",             new(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10), Wanted: 16_000, IsLimited: false),
            "run 1: 16000, 6 settled, 0 held" },
        { "one that was set anew holds what is authorised",             new(Open: Open(1, 6_001), Hold: new Hold(1, 10_000, [])), "run 1: 10000, 6 settled, 4 held" },
        { "without a hold there is none to extend",                     new(Open: Open(1, 6_001), Wanted: 16_000), "none, 6 settled, 0 held" },
        { "a payer without a price pays nothing and limits nothing",    new(Open: Open(1, 6_001, price: false), Hold: Held(1, 10_000, 10), Wanted: 16_000),
            "run 1: 16000, 0 settled, 0 held" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Plans(string sentence, Case @case, string expected)
    {
        var held = @case.Hold?.Held.Sum(level => level.Value) ?? 0;
        var tree = new WalletTree([new(Wallet, new WalletBalance(@case.Cents * 10_000, 0, held, @case.IsLimited ? 0 : null))]);

        var plan = SettlementPolicy.Plan([@case.Account], tree).Single();

        var change = tree.Changes.SingleOrDefault();
        var hold = plan.Hold is { } now ? $"run {now.Run}: {now.AuthorisedMs}" : "none";
        var told = $"{hold}{(plan.IsDeferred ? " deferred" : "")}, {change.Settled / 10_000} settled, {(held + change.Held) / 10_000} held";
        Assert.True(expected == told, $"{sentence}: {told}");
        Assert.Equal(held + change.Held, plan.Hold?.Held.Sum(level => level.Value) ?? 0);
    }

    [Fact]
    public void All_runs_are_charged_and_all_holds_brought_down_before_anybody_gets_more()
    {
        var tree = new WalletTree([new(Wallet, new WalletBalance(200_000, 0, 200_000, 0))]);

        var plans = SettlementPolicy.Plan(
            [
                new Case(Open: Open(1, 6_001), Hold: Held(1, 10_000, 10), Wanted: 16_000).Account,
                new Case(Closed: Closed(1, 2_000), IsOver: true, Hold: Held(1, 10_000, 10), Run: 0).Account,
            ], tree);

        Assert.Equal((16_000, (Hold?)null), (plans[0].Hold!.AuthorisedMs, plans[1].Hold));
        Assert.Equal((Wallet, 80_000, -100_000), tree.Changes.Single());
        Assert.Equal(20_000, tree.Available[Wallet]);
    }

    private static RunAccount Open(int run, long markMs, bool price = true) => new(run, markMs, 0, 0, IsClosed: false, [new(Wallet, price ? Cent : null)]);

    private static RunAccount Closed(int run, long markMs, long settled = 0) => new(run, markMs, markMs, settled, IsClosed: true, [new(Wallet, Cent)]);

    private static Hold Held(int run, long authorisedMs, long cents) => new(run, authorisedMs, [new(Wallet, cents * 10_000)]);
}
