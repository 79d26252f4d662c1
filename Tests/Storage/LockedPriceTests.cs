using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>A generation keeps the prices that held when it started, at every level of the tree.</summary>
public sealed class LockedPriceTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly Price Dear = new(90_000m, Rounding.Default);

    private long _process;

    public async Task InitializeAsync() => _process = await database.AddProcessAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Each_level_locks_its_own_price()
    {
        var platform = await database.AddCustomerAsync(price: new Price(1_000.5m, Rounding.Default));
        var reseller = await database.AddCustomerAsync(platform, price: new Price(2_000m, new Rounding(RoundingMode.Floor, StepSeconds: 30)));
        var customer = await database.AddCustomerAsync(reseller, price: new Price(3_000m, new Rounding(MinimumSeconds: 10)));

        var run = await database.AddGenerationAsync(_process, customer);

        Assert.Equal(["1000.500000 ceil 1 0", "2000.000000 floor 30 0", "3000.000000 ceil 1 10"], await LockedAsync(run, platform, reseller, customer));
    }

    [Fact]
    public async Task A_change_afterwards_applies_to_new_generations_only()
    {
        var customer = await database.AddCustomerAsync();
        var before = await database.AddGenerationAsync(_process, customer);

        await database.Admin().SetPriceAsync(customer.Id, model: null, Dear);
        var after = await database.AddGenerationAsync(_process, customer);

        Assert.Equal(["10000.000000 ceil 1 0"], await LockedAsync(before, customer));
        Assert.Equal(["90000.000000 ceil 1 0"], await LockedAsync(after, customer));
    }

    [Fact]
    public async Task The_start_counts_however_late_the_row_is_written()
    {
        var customer = await database.AddCustomerAsync();
        var session = await database.AddSessionAsync(_process, customer);
        var run = new LiveGeneration(session, 1, upstream: null, await NowAsync());

        await database.Admin().SetPriceAsync(customer.Id, model: null, Dear);
        run.Opened(Assert.NotNull((await database.JournalAsync(_process, new GenerationOpened(run)))[0]));

        Assert.Equal(["10000.000000 ceil 1 0"], await LockedAsync(run, customer));
    }

    [Fact]
    public async Task A_price_for_the_model_goes_before_one_for_all_and_that_of_another_model_is_none()
    {
        var (customer, other) = (await database.AddCustomerAsync(), await database.AddCustomerAsync());
        await database.Admin().SetPriceAsync(customer.Id, "mirage", Dear);
        await database.Admin().SetPriceAsync(other.Id, "another", Dear);

        Assert.Equal(["90000.000000 ceil 1 0"], await LockedAsync(await database.AddGenerationAsync(_process, customer), customer));
        Assert.Equal(["10000.000000 ceil 1 0"], await LockedAsync(await database.AddGenerationAsync(_process, other), other));
    }

    [Fact]
    public async Task A_level_without_a_price_locks_none_and_the_seconds_are_recorded_all_the_same()
    {
        var admin = database.Admin();
        var id = await admin.AddTenantAsync("not priced", "EUR");
        var customer = new Customer([id], (await admin.AddKeyAsync(id, "a key")).Id, Key: "");
        var run = await database.AddGenerationAsync(_process, customer);
        run.Raise(2_000);
        await database.JournalAsync(_process, new GenerationClosed(run, "completed", ClaimedMs: null));

        var row = Assert.Single(await new SessionQueries(database.Database).GenerationsAsync(run.Ownership.Session, CancellationToken.None));

        Assert.Null(row.Price);
        Assert.Equal((2_000, "EUR"), (row.LedgeredMs, row.Currency));
    }

    [Fact]
    public async Task A_repeated_opening_locks_nothing_anew()
    {
        var customer = await database.AddCustomerAsync();
        var run = new LiveGeneration(await database.AddSessionAsync(_process, customer), 1, upstream: null, TimeProvider.System.GetUtcNow());

        var once = await database.JournalAsync(_process, new GenerationOpened(run));
        var again = await database.JournalAsync(_process, new GenerationOpened(run));

        Assert.Equal(once, again);
        run.Opened(Assert.NotNull(once[0]));
        Assert.Equal(["10000.000000 ceil 1 0"], await LockedAsync(run, customer));
    }

    private async Task<DateTimeOffset> NowAsync() => new(await database.ReadAsync<DateTime>("SELECT clock_timestamp()"));

    private async Task<IReadOnlyList<string>> LockedAsync(LiveGeneration run, params Customer[] path)
    {
        Assert.Equal(path.Length, await database.ReadAsync<long>("SELECT count(*) FROM generation_price WHERE generation_id = $1", run.Id!));
        return await database.ListAsync<string>("""
            SELECT format('%s %s %s %s', p.micros_per_unit, p.rounding, p.step_seconds, p.minimum_seconds)
            FROM unnest($2::uuid[]) WITH ORDINALITY AS level (tenant_id, place)
            JOIN generation_price g USING (tenant_id) JOIN price_version p ON p.id = g.price_version_id
            WHERE g.generation_id = $1 ORDER BY place
            """, run.Id!, path.Select(customer => customer.Id.Value).ToArray());
    }
}
