using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>Cost, price and margin at every level come from the same seconds; reads of one tree know nothing of another.</summary>
public sealed class MarginLawTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    /// <summary>Prices from the platform's cost to the customer's price, where the run is cut, and before which cut all of them change.</summary>
    public sealed record Sale(int Cost, int[] Prices, long[] Cuts, int ChangesBefore)
    {
        /// <inheritdoc/>
        public override string ToString() => $"cost {Cost} prices [{string.Join(' ', Prices)}] cuts [{string.Join(' ', Cuts)}] change before {ChangesBefore}";
    }

    private static readonly Arbitrary<Sale> Sales = Arb.From(
        from cost in Gen.Choose(0, 50_000)
        from prices in Gen.Choose(0, 100_000).ArrayOf(3)
        from cuts in Gen.Choose(1, 200_000).Select(ms => (long)ms).NonEmptyListOf()
        from change in Gen.Choose(0, 5)
        select new Sale(cost, prices, [.. cuts.Distinct().Order().Take(6)], change),
        sale => sale.Cuts is [_] ? [] : sale.Cuts.Select((_, i) => sale with { Cuts = [.. sale.Cuts.Where((_, j) => j != i)] }));

    private readonly UsageStore _usage = new(database.Database);
    private long _process;

    public async Task InitializeAsync() => _process = await database.AddProcessAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void Invariant_12_Cost_and_sell_use_equal_seconds_and_a_price_change_changes_nothing_started() =>
        Laws.Hold(Sales, async sale =>
        {
            var levels = new List<Customer>();
            foreach (var micros in sale.Prices)
                levels.Add(await database.AddCustomerAsync(levels.LastOrDefault(), price: PriceOf(micros)));
            var costs = new CostBook(database.Database);
            await costs.SetAsync("decart", "mirage", "USD", PriceOf(sale.Cost), from: null, "a test");

            var run = await OpenAsync(levels[^1]);
            for (var i = 0; i < sale.Cuts.Length; i++)
            {
                if (i == sale.ChangesBefore)
                    await ChangeAsync();
                await RecordAsync(run, sale.Cuts[i]);
            }

            run.Raise(sale.Cuts[^1]);
            await database.JournalAsync(_process, new GenerationClosed(run, "completed", ClaimedMs: null));
            await ChangeAsync();

            var seconds = Rounding.Default.Units(sale.Cuts[^1], closed: true);
            Assert.Equal([seconds, seconds, seconds, seconds], await database.ListAsync<long>("""
                SELECT sum(seconds)::bigint FROM ledger_charge WHERE generation_id = $1 GROUP BY payer_id
                UNION ALL SELECT sum(seconds)::bigint FROM ledger_cost WHERE generation_id = $1
                """, run.Id!));
            Assert.Equal(
                sale.Prices.Select(micros => micros * seconds),
                await database.ListAsync<long>("""
                    SELECT sum(c.micros)::bigint FROM ledger_charge c JOIN tenant t ON t.id = c.payer_id WHERE generation_id = $1 GROUP BY t.path ORDER BY t.path
                    """, run.Id!));
            for (var i = 0; i < levels.Count; i++)
            {
                var sums = await SumAsync(levels[i].Id);
                Assert.Equal((sale.Prices[i] * seconds, i + 1 < levels.Count ? sale.Prices[i + 1] * seconds : 0), (sums.ChargeMicros, sums.IncomeMicros));
            }

            var platform = await new InvoiceStore(database.Database).PlatformAsync(levels[0].Id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
            Assert.Equal(new PlatformMargin(sale.Prices[0] * seconds, sale.Cost * seconds, 0), platform);

            async Task ChangeAsync()
            {
                foreach (var level in levels)
                    await database.Admin().SetPriceAsync(level.Id, model: null, PriceOf(777_777));
                await costs.SetAsync("decart", "mirage", "USD", PriceOf(888_888), from: null, "a test");
            }
        }, tests: 20);

    [Fact]
    public void Invariant_11_What_a_tenant_reads_never_depends_on_anothers_traffic() =>
        Laws.Hold(Samples.SequencesOf(Gen.Choose(0, 3).Zip(Gen.Choose(1, 90_000)), max: 8), async rows =>
        {
            var root = await database.AddCustomerAsync();
            Customer[] tenants = [await database.AddCustomerAsync(root), await database.AddCustomerAsync(root), await database.AddCustomerAsync(), root];
            foreach (var (who, ms) in rows)
            {
                var run = await OpenAsync(tenants[who]);
                run.Raise(ms);
                await database.JournalAsync(_process, new GenerationClosed(run, "completed", ClaimedMs: null));
            }

            for (var i = 0; i < tenants.Length; i++)
            {
                var own = rows.Where(row => row.Item1 == i || (i == 3 && row.Item1 is 0 or 1)).ToList();
                var sums = await SumAsync(tenants[i].Id);
                Assert.Equal(own.Sum(row => (long)row.Item2), sums.Milliseconds);
                Assert.Equal(own.Sum(row => BuildTenants.Cent.Settled(row.Item2, closed: true)), sums.ChargeMicros);
                var lines = await new InvoiceStore(database.Database).LinesAsync(tenants[i].Id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
                Assert.Equal(sums.ChargeMicros, lines.Sum(line => line.Micros));
            }
        }, tests: 20);

    private static Price PriceOf(int micros) => new(micros, Rounding.Default);

    private async Task<UsageSums> SumAsync(TenantId tenant) => (await _usage.SumAsync(
        new UsageScope(tenant, tenant, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue), groups: [], after: null, limit: 1)).Single().Sums;

    /// <summary>A run that has locked the cost that holds now.</summary>
    private async Task<LiveGeneration> OpenAsync(Customer customer)
    {
        var run = await database.AddGenerationAsync(_process, customer);
        await database.ExecuteAsync("""
            UPDATE generation SET cost_version_id = (SELECT id FROM cost_version WHERE provider = 'decart' AND model = 'mirage' AND valid_until IS NULL)
            WHERE id = $1 AND cost_version_id IS NULL
            """, run.Id!);
        return run;
    }

    /// <summary>Marks and records a part of a run that goes on; its last millisecond waits for the close.</summary>
    private async Task RecordAsync(LiveGeneration run, long ms)
    {
        await database.ExecuteAsync("""
            WITH due AS (UPDATE generation SET mark_ms = $2, ledgered_ms = $2 - 1 WHERE id = $1 AND ledgered_ms < $2 - 1 RETURNING id, session_id)
            INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms)
            SELECT d.id, s.tenant_id, (SELECT coalesce(max(l.to_ms), 0) FROM usage_ledger l WHERE l.generation_id = d.id), $2 - 1
            FROM due d JOIN session s ON s.id = d.session_id
            """, run.Id!, ms);
    }
}
