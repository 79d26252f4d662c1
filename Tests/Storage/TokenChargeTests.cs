using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Sessions;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;
using static Orchestrator.Tests.Storage.BuildTokens;

namespace Orchestrator.Tests.Storage;

/// <summary>What responses used is charged to every wallet above the session once, or to none.</summary>
public sealed class TokenChargeTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly Gen<decimal> Micros =
        from whole in Samples.Longs(0, 100_000_000)
        from fraction in Gen.Elements(0m, 0.5m, 0.333333m, 0.999999m)
        select whole + fraction;

    private static readonly Arbitrary<(decimal[] Price, long?[][] Responses)> Meters = Arb.From(
        from price in Micros.ArrayOf(TokenKinds.Count)
        from responses in Gen.OneOf(Samples.Longs(0, 100_000).Select(count => (long?)count), Gen.Constant((long?)null)).ArrayOf(TokenKinds.Count).NonEmptyListOf()
        select (price, responses.Take(6).ToArray()),
        meter => meter.Item2 is [_] ? [] : meter.Item2.Select((_, i) => (meter.price, meter.Item2.Where((_, j) => j != i).ToArray())));

    private readonly BillingStore _billing = new(database.Database);
    private readonly WalletStore _wallets = new(database.Database);
    private Customer _root = null!;
    private Customer _customer = null!;
    private long _process;

    public async Task InitializeAsync()
    {
        _process = await database.AddProcessAsync();
        _root = await database.AddCustomerAsync(price: new Price(0, Rounding.Default));
        _customer = await database.AddCustomerAsync(_root, price: new Price(0, Rounding.Default));
        await database.PriceTokensAsync(_root.Id);
        await database.PriceTokensAsync(_customer.Id, new TokenPrice([.. Usual.ByKind.Select(price => 2 * price)]));
        await database.AddWalletAsync(_root.Id, 1_000_000);
        await database.AddWalletAsync(_customer.Id, 100_000);
    }

    public async Task DisposeAsync()
    {
        await database.AssertInOrderAsync();
        await database.AssertTokensInOrderAsync();
    }

    [Fact]
    public async Task Every_wallet_above_is_charged_at_its_own_price_once()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91));

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ChargeAsync(session)));
        await database.JournalAsync(_process, Used(session, "resp_1", 55, 13, 0, 64, 0, 0, 30, 91));
        await ChargeAsync(session);

        Assert.Equal((6_965, 13_931), (await SettledAsync(_root), await SettledAsync(_customer)));
        Assert.All(answers, answer => Assert.Equal((SettlementStatus.Settled, false), (answer.Status, answer.IsSpent)));
    }

    [Fact]
    public async Task However_it_is_settled_in_between_the_charge_is_the_same()
    {
        var (often, once) = (await database.AddSessionAsync(_process, _customer), await database.AddSessionAsync(_process, _customer));
        for (var i = 1; i <= 7; i++)
        {
            await database.JournalAsync(_process, Used(often, $"resp_{i}", 1, 0, 0, 1), Used(once, $"resp_{i}", 1, 0, 0, 1));
            await ChargeAsync(often);
        }

        await ChargeAsync(once);

        Assert.Equal([30, 30, 61, 61], await database.ListAsync<long>("""
            SELECT token_micros(m.settled, v.micros_per_million) AS micros FROM token_meter m
            JOIN token_price p ON p.meter_id = m.id JOIN token_price_version v ON v.id = p.token_price_version_id WHERE m.session_id = ANY($1) ORDER BY micros
            """, new[] { often.Session.Value, once.Session.Value }));
        Assert.Equal(2 * 61, await SettledAsync(_customer));
    }

    [Fact]
    public async Task What_a_process_recorded_and_did_not_live_to_charge_another_one_charges()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, Used(session, "resp_1", 1_000), BuildSessions.EndOf(session, CloseCode.ProcessLost));
        await database.JournalAsync(_process, Used(session, "resp_2", 500));

        Assert.Contains(_root.Id, await _billing.FindUnsettledAsync(CancellationToken.None));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _billing.SettleClosedAsync(_root.Id, limit: 100)));

        Assert.Equal((6_000, 12_000), (await SettledAsync(_root), await SettledAsync(_customer)));
        Assert.DoesNotContain(_root.Id, await _billing.FindUnsettledAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_charge_that_one_wallet_cannot_take_is_made_to_none()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.ExecuteAsync("UPDATE wallet SET settled_micros = 9223372036854775000 WHERE tenant_id = $1", _customer.Id.Value);
        await database.JournalAsync(_process, Used(session, "resp_1", 1_000));

        var failure = await Assert.ThrowsAsync<OverflowException>(() => ChargeAsync(session));

        Assert.True(_billing.IsPermanent(failure));
        Assert.Equal(0, await SettledAsync(_root));
        await database.ExecuteAsync("UPDATE wallet SET settled_micros = 0 WHERE tenant_id = $1", _customer.Id.Value);
        Assert.Equal(SettlementStatus.Settled, (await ChargeAsync(session)).Status);
        Assert.Equal((4_000, 8_000), (await SettledAsync(_root), await SettledAsync(_customer)));
    }

    [Fact]
    public async Task A_wallet_that_runs_dry_is_told_with_the_charge_and_goes_into_debt_by_no_more_than_was_used()
    {
        var session = await database.AddSessionAsync(_process, _customer);
        await database.JournalAsync(_process, Used(session, "resp_1", 12_000));
        Assert.False((await ChargeAsync(session)).IsSpent);

        await database.JournalAsync(_process, Used(session, "resp_2", 1_000));
        var answer = await ChargeAsync(session);

        Assert.True(answer.IsSpent);
        Assert.Equal(4_000, (await _wallets.FindAsync(_customer.Id))!.Balance.Debt);
        var refused = await new SessionClaimStore(database.Database).AdmitAsync(_process, [BuildSessions.ClaimOf(_customer)], CancellationToken.None);
        Assert.Equal(CloseCode.InsufficientCredits, refused.Single().Refused);
    }

    [Fact]
    public async Task The_open_run_and_its_hold_stay_as_they_are()
    {
        await database.Admin().SetPriceAsync(_customer.Id, model: null, BuildTenants.Cent);
        await database.ExecuteAsync("UPDATE wallet SET granted_micros = 1000000 WHERE tenant_id = $1", _customer.Id.Value);
        var run = await database.AddGenerationAsync(_process, _customer);
        using var marks = new MarkStore(database.Database);
        marks.Flush(_process, new([run.Id!.Value], [1], [5_000L]));
        var held = await HeldAsync();
        await database.JournalAsync(_process, Used(run.Ownership, "resp_1", 1_000));

        await ChargeAsync(run.Ownership);
        await _billing.SettleClosedAsync(_root.Id, limit: 10);

        Assert.Equal(held, await HeldAsync());
        Assert.Equal(0, await database.ReadAsync<long>("SELECT ledgered_ms FROM generation WHERE id = $1", run.Id!));
        Assert.Equal(8_000, await SettledAsync(_customer));

        Task<string> HeldAsync() => database.ReadAsync<string>(
            "SELECT format('%s %s %s %s', run, authorised_ms, wallets, held_micros) FROM hold WHERE session_id = $1", run.Ownership.Session.Value);
    }

    [Fact]
    public void The_rule_in_sql_is_the_rule_of_the_domain() =>
        Laws.Hold(Meters, async meter =>
        {
            var price = new TokenPrice(meter.Price);
            var sums = meter.Responses.Aggregate(new List<TokenCounts> { TokenCounts.Zero }, (list, next) => [.. list, list[^1].Plus(new TokenCounts(next))]);

            var told = new List<long>();
            var summed = "{}";
            foreach (var counts in meter.Responses)
            {
                summed = await database.ReadAsync<string>("SELECT token_sum($1::text::bigint[], $2)::text", summed, counts);
                told.Add(await database.ReadAsync<long>("SELECT token_micros($1::text::bigint[], $2)", summed, meter.Price));
            }

            Assert.Equal(sums.Skip(1).Select(price.Settled), told);
        });

    private async Task<Settlement> ChargeAsync(SessionOwnership session) => (await _billing.SettleAsync(
        [new SettlementDue(session.Session, session.Epoch, Run: 0, WantedMs: null, BlindMs: 0, TokensOnly: true)], CancellationToken.None)).Single();

    private async Task<long> SettledAsync(Customer customer) => (await _wallets.FindAsync(customer.Id))!.Balance.Settled;
}
