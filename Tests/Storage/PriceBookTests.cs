using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>Versions of prices and costs: scheduled ahead, in any order, never with a gap or an overlap.</summary>
public sealed class PriceBookTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly Price Old = new(1m, Rounding.Default);
    private static readonly Price New = new(2m, new Rounding(RoundingMode.Floor, StepSeconds: 30, MinimumSeconds: 60));
    private readonly PriceBook _book = new(database.Database);

    [Fact]
    public async Task A_price_that_is_scheduled_ends_the_running_one_at_the_instant_it_begins()
    {
        var tenant = await TenantAsync();
        var at = await InAsync(TimeSpan.FromDays(10));

        await SetAsync(tenant, Old, from: null);
        var change = await SetAsync(tenant, New, at);

        Assert.Equal((New, at, null), (change.Version!.Price, change.Version.From, change.Version.Until));
        Assert.Equal([(2m, at, null), (1m, null, at)], await VersionsAsync(tenant));
    }

    [Fact]
    public async Task A_price_between_two_others_lasts_until_the_second_begins()
    {
        var tenant = await TenantAsync();
        var (soon, later) = (await InAsync(TimeSpan.FromDays(1)), await InAsync(TimeSpan.FromDays(2)));

        await SetAsync(tenant, Old, from: null);
        await SetAsync(tenant, new Price(3m, Rounding.Default), later);
        await SetAsync(tenant, New, soon);

        Assert.Equal([(2m, soon, later), (3m, later, null), (1m, null, soon)], await VersionsAsync(tenant));
    }

    [Fact]
    public async Task A_change_of_today_lasts_until_the_one_that_was_scheduled_before()
    {
        var tenant = await TenantAsync();
        var later = await InAsync(TimeSpan.FromDays(2));
        await SetAsync(tenant, Old, from: null);
        await SetAsync(tenant, New, later);

        await SetAsync(tenant, new Price(3m, Rounding.Default), from: null);

        var versions = await VersionsAsync(tenant);
        Assert.Equal([3m, 2m, 1m], versions.Select(version => version.Micros));
        Assert.Equal([later, null, (await _book.ListAsync(tenant, null, 1)).Single().From], versions.Select(version => version.Until));
    }

    [Fact]
    public async Task What_has_begun_is_not_changed_and_no_two_begin_at_once()
    {
        var tenant = await TenantAsync();
        var at = await InAsync(TimeSpan.FromDays(1));
        await SetAsync(tenant, Old, at);

        var past = await SetAsync(tenant, New, await InAsync(TimeSpan.FromSeconds(-1)));
        var taken = await SetAsync(tenant, New, at);
        var other = await _book.SetAsync(tenant, "mirage", New, at, "a test");

        Assert.Equal((PriceRefusal.Past, PriceRefusal.Taken, null), (past.Refusal, taken.Refusal, other.Refusal));
        Assert.Equal([(2m, at, null), (1m, at, null)], await VersionsAsync(tenant));
    }

    [Fact]
    public async Task A_scheduled_price_is_locked_by_what_starts_once_it_has_begun()
    {
        var customer = await database.AddCustomerAsync();
        var process = await database.AddProcessAsync();
        await SetAsync(customer.Id, New, await InAsync(TimeSpan.FromDays(1)));
        var before = await database.AddGenerationAsync(process, customer);
        await database.ExecuteAsync("UPDATE price_version SET valid_from = valid_from - interval '2 days' WHERE tenant_id = $1 AND valid_until IS NOT NULL", customer.Id.Value);
        await database.ExecuteAsync("UPDATE price_version SET valid_until = valid_until - interval '1 day' WHERE tenant_id = $1 AND valid_until IS NOT NULL", customer.Id.Value);
        await database.ExecuteAsync("UPDATE price_version SET valid_from = valid_from - interval '1 day' WHERE tenant_id = $1 AND valid_until IS NULL", customer.Id.Value);

        var after = await database.AddGenerationAsync(process, customer);

        Assert.Equal((10_000m, 2m), (await LockedAsync(before.Id!.Value), await LockedAsync(after.Id!.Value)));
    }

    [Fact]
    public async Task Lists_page_by_id_and_every_change_is_in_the_audit()
    {
        var tenant = await TenantAsync();
        for (var micros = 1; micros <= 5; micros++)
            await SetAsync(tenant, new Price(micros, Rounding.Default), from: null);

        var first = await _book.ListAsync(tenant, before: null, limit: 3);
        var second = await _book.ListAsync(tenant, first[^1].Id, limit: 3);

        Assert.Equal([5m, 4m, 3m, 2m, 1m], first.Concat(second).Select(version => version.Price.MicrosPerSecond));
        Assert.Equal(5, await database.ReadAsync<long>(
            "SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'price_set' AND actor = 'a test' AND detail ? 'version'", tenant.Value));
    }

    [Fact]
    public async Task Costs_follow_each_other_too_for_each_provider_model_and_currency()
    {
        var costs = new CostBook(database.Database);
        var at = await InAsync(TimeSpan.FromDays(1));

        Assert.Null(await costs.SetAsync("decart", model: null, "USD", Old, from: null, "a test"));
        Assert.Null(await costs.SetAsync("decart", model: null, "EUR", Old, from: null, "a test"));
        Assert.Null(await costs.SetAsync("decart", "mirage", "USD", Old, from: null, "a test"));
        Assert.Null(await costs.SetAsync("decart", model: null, "USD", New, at, "a test"));
        Assert.Equal(PriceRefusal.Taken, await costs.SetAsync("decart", model: null, "USD", New, at, "a test"));

        Assert.Equal(
            [("USD", null, 2m, null), ("USD", "mirage", 1m, null), ("EUR", null, 1m, null), ("USD", null, 1m, at)],
            (await costs.ListAsync(10)).Select(cost => (cost.Currency, cost.Model, cost.Price.MicrosPerSecond, cost.Until)));
        Assert.Equal(4, await database.ReadAsync<long>(
            "SELECT count(*) FROM audit WHERE tenant_id IS NULL AND action = 'cost_set' AND actor = 'a test' AND detail ->> 'provider' = 'decart' AND detail ? 'version'"));
    }

    private Task<PriceChange> SetAsync(TenantId tenant, Price price, DateTimeOffset? from) => _book.SetAsync(tenant, model: null, price, from, "a test");

    private Task<TenantId> TenantAsync() => database.Admin().AddTenantAsync("a customer", "USD");

    /// <summary>To the microsecond, as the database keeps it.</summary>
    private async Task<DateTimeOffset> InAsync(TimeSpan span) => new(await database.ReadAsync<DateTime>("SELECT clock_timestamp() + $1", span));

    private Task<decimal> LockedAsync(long generation) => database.ReadAsync<decimal>(
        "SELECT micros_per_unit FROM generation_price g JOIN price_version p ON p.id = g.price_version_id WHERE generation_id = $1", generation);

    /// <summary>Newest first; when one began is told where it is ahead.</summary>
    private async Task<IReadOnlyList<(decimal Micros, DateTimeOffset? From, DateTimeOffset? Until)>> VersionsAsync(TenantId tenant)
    {
        var now = await InAsync(TimeSpan.Zero);
        return [.. (await _book.ListAsync(tenant, before: null, limit: 10)).Select(version =>
            (version.Price.MicrosPerSecond, version.From > now ? version.From : (DateTimeOffset?)null, version.Until))];
    }
}
