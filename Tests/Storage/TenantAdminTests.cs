using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Security;
using Orchestrator.Storage.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class TenantAdminTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly TenantAdmin _admin = database.Admin();

    [Fact]
    public async Task A_tenants_place_in_the_tree_follows_from_its_parent()
    {
        var root = await _admin.AddTenantAsync("platform", "USD");
        var middle = await _admin.AddTenantAsync("reseller", "USD", root);
        var leaf = await _admin.AddTenantAsync("customer", "USD", middle);

        Assert.Equal([root.Value, middle.Value, leaf.Value], await database.ReadAsync<Guid[]>("SELECT path FROM tenant WHERE id = $1", leaf.Value));
        Assert.Equal(root.Value, await database.ReadAsync<Guid>("SELECT root_id FROM tenant WHERE id = $1", leaf.Value));
        Assert.Equal(root, await _admin.FindRootAsync("platform"));
        Assert.Null(await _admin.FindRootAsync("customer"));
    }

    [Fact]
    public async Task A_tree_has_one_currency()
    {
        var root = await _admin.AddTenantAsync("a root", "USD");

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => _admin.AddTenantAsync("a customer", "EUR", root));

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, refusal.SqlState);
    }

    [Theory]
    [InlineData("", "USD", null, null)]
    [InlineData("a name", "usd", null, null)]
    [InlineData("a name", "USD", -1, null)]
    [InlineData("a name", "USD", null, 0)]
    public async Task What_makes_no_sense_is_refused(string name, string currency, int? maxSessions, int? maxSessionSeconds)
    {
        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => _admin.AddTenantAsync(name, currency, parent: null, maxSessions, maxSessionSeconds));

        Assert.Equal(PostgresErrorCodes.CheckViolation, refusal.SqlState);
    }

    [Fact]
    public async Task A_key_is_shown_once_and_only_its_hash_is_kept()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD");
        var (first, second) = (await _admin.AddKeyAsync(tenant, "first"), await _admin.AddKeyAsync(tenant, "second"));

        Assert.NotEqual(first.Key, second.Key);
        Assert.Matches("^ork_[A-Za-z0-9_-]{43}$", first.Key);
        Assert.Equal([$"""{first.Id} first {TenantAdmin.HashOf(first.Key)}""", $"{second.Id} second {TenantAdmin.HashOf(second.Key)}"], await database.ListAsync<string>(
            "SELECT format('%s %s %s', id, name, encode(sha256, 'hex')) FROM api_key WHERE tenant_id = $1 ORDER BY name", tenant.Value));
        Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM api_key k WHERE position($1 in k::text) > 0", first.Key[4..]));
    }

    [Fact]
    public async Task A_key_opens_for_its_own_tenant_until_it_is_revoked()
    {
        var (tenant, other) = (await _admin.AddTenantAsync("a customer", "USD"), await _admin.AddTenantAsync("another", "USD"));
        var key = await _admin.AddKeyAsync(tenant, "a key");
        Assert.Equal((true, false, false), (
            await _admin.IsKeyOfAsync(tenant, key.Key), await _admin.IsKeyOfAsync(other, key.Key), await _admin.IsKeyOfAsync(tenant, key.Key + "x")));

        await _admin.RevokeKeyAsync(key.Id);
        var revokedAt = await RevokedAtAsync();
        await _admin.RevokeKeyAsync(key.Id);

        Assert.False(await _admin.IsKeyOfAsync(tenant, key.Key));
        Assert.Equal(revokedAt, await RevokedAtAsync());

        Task<DateTime> RevokedAtAsync() => database.ReadAsync<DateTime>("SELECT revoked_at FROM api_key WHERE id = $1", key.Id);
    }

    [Fact]
    public async Task A_limit_can_be_changed_and_lifted()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD", maxSessions: 3);

        foreach (var limit in new int?[] { 7, null })
        {
            await _admin.LimitSessionsAsync(tenant, limit);
            Assert.Equal(limit, (await new TenantStore(database.Database).ReadChangesAsync(0, CancellationToken.None)).Tenants.Single(one => one.Id == tenant).MaxSessions);
        }
    }

    [Fact]
    public async Task Prices_follow_each_other_without_a_gap()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD");
        foreach (var micros in new[] { 1m, 2m, 3m })
            await _admin.SetPriceAsync(tenant, model: null, new Price(micros, Rounding.Default));

        await AssertContiguousAsync(tenant, versions: 3);
    }

    [Fact]
    public async Task Prices_that_are_set_at_once_follow_each_other_too()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD");

        await Task.WhenAll(Enumerable.Range(1, 16).Select(micros => _admin.SetPriceAsync(tenant, model: null, new Price(micros, Rounding.Default))));

        await AssertContiguousAsync(tenant, versions: 16);
    }

    [Fact]
    public async Task A_price_that_waited_for_another_begins_after_it()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD");
        await _admin.SetPriceAsync(tenant, model: null, BuildTenants.Cent);
        await using var other = await Blocking.BeginAsync(database, "SELECT FROM tenant WHERE id = $1 FOR NO KEY UPDATE", tenant.Value);

        var change = _admin.SetPriceAsync(tenant, model: null, BuildTenants.Cent);
        await other.WhenWaitedForAsync();
        await other.ExecuteAsync("UPDATE price_version SET valid_until = clock_timestamp() WHERE tenant_id = $1", tenant.Value);
        await other.ExecuteAsync(
            "INSERT INTO price_version (tenant_id, micros_per_unit, valid_from) SELECT tenant_id, 1, valid_until FROM price_version WHERE tenant_id = $1", tenant.Value);
        await other.CommitAsync();
        await change;

        await AssertContiguousAsync(tenant, versions: 3);
    }

    [Fact]
    public async Task No_two_prices_hold_at_one_instant()
    {
        var tenant = await _admin.AddTenantAsync("a customer", "USD");
        await _admin.SetPriceAsync(tenant, "mirage", BuildTenants.Cent);

        var refusal = await Assert.ThrowsAsync<PostgresException>(
            () => database.ExecuteAsync("INSERT INTO price_version (tenant_id, model, micros_per_unit) VALUES ($1, 'mirage', 1)", tenant.Value));

        Assert.Equal(PostgresErrorCodes.ExclusionViolation, refusal.SqlState);
    }

    [Fact]
    public async Task A_price_for_nobody_is_refused() => await Assert.ThrowsAsync<InvalidOperationException>(
        () => _admin.SetPriceAsync(new TenantId(Guid.CreateVersion7(TimeProvider.System.GetUtcNow())), model: null, BuildTenants.Cent));

    [Fact]
    public async Task The_key_ring_keeps_one_key_of_those_made_at_once_each_once_and_in_the_order_they_came()
    {
        var ring = new KeyRingStore(database.Database);
        Assert.Empty(ring.Read());

        ring.Add("b", "<first/>");
        ring.Add("c", "<at once/>");
        await database.ExecuteAsync("UPDATE data_protection_key SET created_at = created_at - interval '2 minutes'");
        ring.Add("b", "<again/>");
        ring.Add("a", "<second/>");

        Assert.Equal(["<first/>", "<second/>"], ring.Read());
    }

    private async Task AssertContiguousAsync(TenantId tenant, int versions)
    {
        var bounds = await database.ListAsync<DateTime>("SELECT valid_from FROM price_version WHERE tenant_id = $1 ORDER BY valid_from", tenant.Value);
        Assert.Equal(versions, bounds.Count);
        Assert.Equal([.. bounds.Skip(1)], await database.ListAsync<DateTime>(
            "SELECT valid_until FROM price_version WHERE tenant_id = $1 AND valid_until IS NOT NULL ORDER BY valid_until", tenant.Value));
    }
}
