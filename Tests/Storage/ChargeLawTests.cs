using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>One run: its price, where its rows were cut, and whether it is over.</summary>
/// <param name="Price">The price.</param>
/// <param name="Cuts">Where one row ends and the next begins; the last is the mark.</param>
/// <param name="Closed">Whether it is over.</param>
public sealed record SplitRun(Price Price, long[] Cuts, bool Closed)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Price} [{string.Join(' ', Cuts)}]{(Closed ? " closed" : "")}";
}

/// <summary>What SQL says of seconds and money is what the rules of Domain/Billing say, whatever the run and however it was split.</summary>
public sealed class ChargeLawTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly Gen<Rounding> Roundings =
        from mode in Gen.Elements(RoundingMode.Ceil, RoundingMode.Floor)
        from step in Gen.Elements(1, 7, 30, 60)
        from minimum in Gen.Elements(0, 1, 10, 45)
        select new Rounding(mode, step, minimum);

    private static readonly Gen<Price> Prices =
        from micros in Gen.Choose(0, 999_999)
        from fraction in Gen.Elements(0m, 0.5m, 0.333333m, 0.999999m, 0.000001m)
        from rounding in Roundings
        select new Price(micros + fraction, rounding);

    private static readonly Arbitrary<SplitRun> Runs = Arb.From(
        from price in Prices
        from cuts in Gen.OneOf(Samples.Longs(1, 200_000), Samples.Longs(1, 10_000_000_000)).NonEmptyListOf()
        from closed in Gen.Elements(true, false)
        select new SplitRun(price, [.. cuts.Distinct().Order()], closed),
        run => run.Cuts is [_] ? [] : run.Cuts.Select((_, i) => run with { Cuts = [.. run.Cuts.Where((_, j) => j != i)] }));

    private Guid _session;
    private Guid _tenant;

    public async Task InitializeAsync()
    {
        var customer = await database.AddCustomerAsync();
        (_session, _tenant) = ((await database.AddSessionAsync(await database.AddProcessAsync(), customer)).Session.Value, customer.Id.Value);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void Invariant_3_Whole_seconds_billed_follow_one_cumulative_function_per_price_in_sql_as_in_the_domain() =>
        Laws.Hold(Runs, async run =>
        {
            var rounding = run.Price.Rounding;

            var told = await database.ListAsync<long>(
                "SELECT billed_seconds(ms, $2, $3, $4, $5) FROM unnest($1) WITH ORDINALITY AS m (ms, n) ORDER BY n",
                run.Cuts, run.Closed, rounding.Mode is RoundingMode.Ceil ? "ceil" : "floor", rounding.StepSeconds, rounding.MinimumSeconds);

            Assert.Equal(run.Cuts.Select(ms => rounding.Units(ms, run.Closed)), told);
        });

    [Fact]
    public void Invariant_3_Whole_seconds_billed_follow_one_cumulative_function_per_price_however_its_rows_were_split() =>
        Laws.Hold(Runs, async run =>
        {
            var charges = await ChargesAsync(run);

            var (mark, price) = (run.Cuts[^1], run.Price);
            Assert.Equal((price.Rounding.Units(mark, run.Closed), price.Settled(mark, run.Closed)), (charges.Sum(row => row.Seconds), charges.Sum(row => row.Micros)));
            Assert.Equal(
                run.Cuts.Select((to, i) => (To: to, From: i == 0 ? 0 : run.Cuts[i - 1], Closes: run.Closed && to == mark))
                    .Select(row => (
                        price.Rounding.Units(row.To, row.Closes) - price.Rounding.Units(row.From, closed: false),
                        price.Settled(row.To, row.Closes) - price.Settled(row.From, closed: false))),
                charges);
            Assert.All(charges, row => Assert.True(row is { Seconds: >= 0, Micros: >= 0 }));
        });

    /// <summary>What the view says of such a run, which is gone again afterwards.</summary>
    private async Task<IReadOnlyList<(long Seconds, long Micros)>> ChargesAsync(SplitRun run)
    {
        await using var connection = await database.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var write = new NpgsqlCommand("""
            WITH price AS (
              INSERT INTO price_version (tenant_id, model, micros_per_unit, rounding, step_seconds, minimum_seconds) VALUES ($2, 'a law', $5, $6, $7, $8) RETURNING id
            ), run AS (
              INSERT INTO generation (session_id, run, epoch, mark_ms, ledgered_ms, started_at, closed_at)
              VALUES ($1, 1, 1, $3, $3, clock_timestamp(), CASE WHEN $4 THEN clock_timestamp() END) RETURNING id
            ), locked AS (
              INSERT INTO generation_price (generation_id, tenant_id, price_version_id) SELECT run.id, $2, price.id FROM run, price
            )
            INSERT INTO usage_ledger (generation_id, tenant_id, from_ms, to_ms)
            SELECT run.id, $2, lag(ms, 1, 0::bigint) OVER (ORDER BY ms), ms FROM run, unnest($9::bigint[]) AS cut (ms)
            """, connection);
        var rounding = run.Price.Rounding;
        foreach (var value in new object[]
        {
            _session, _tenant, run.Cuts[^1], run.Closed, run.Price.MicrosPerSecond, rounding.Mode is RoundingMode.Ceil ? "ceil" : "floor",
            rounding.StepSeconds, rounding.MinimumSeconds, run.Cuts,
        })
        {
            write.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await write.ExecuteNonQueryAsync();
        await using var read = new NpgsqlCommand("SELECT seconds, micros FROM ledger_charge WHERE tenant_id = $1 ORDER BY from_ms", connection);
        read.Parameters.Add(new NpgsqlParameter { Value = _tenant });
        await using var reader = await read.ExecuteReaderAsync();
        var charges = new List<(long, long)>();
        while (await reader.ReadAsync())
            charges.Add((reader.GetInt64(0), reader.GetInt64(1)));
        return charges;
    }
}
