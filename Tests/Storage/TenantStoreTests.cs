using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Tenants;
using Orchestrator.Storage.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>How the copy that every process keeps comes to know of changes.</summary>
public sealed class TenantStoreTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly TenantStore _store = new(database.Database);

    [Fact]
    public async Task The_first_look_tells_everything()
    {
        var reseller = await database.AddCustomerAsync(maxSessions: 5);
        var customer = await database.AddCustomerAsync(reseller);

        var all = await ReadAsync(since: 0);

        var tenant = Assert.Single(all.Tenants, tenant => tenant.Id == customer.Id);
        Assert.Equal(customer.Path, tenant.Path);
        Assert.Equal(("a customer", "USD", false), (tenant.Name, tenant.Currency, tenant.IsSuspended));
        Assert.Equal(5, Assert.Single(all.Tenants, tenant => tenant.Id == reseller.Id).MaxSessions);
        Assert.Contains(new ApiKeyRecord(customer.KeyId, customer.Id, TenantAdmin.HashOf(customer.Key), IsRevoked: false), all.Keys);
        Assert.Equal(BuildTenants.Cent, Assert.Single(all.Prices, price => price.Tenant == customer.Id).Price);
    }

    [Fact]
    public async Task A_later_look_tells_what_changed_of_every_kind()
    {
        var customer = await database.AddCustomerAsync();
        var before = await ReadAsync(since: 0);
        var admin = database.Admin();

        await admin.SuspendAsync(customer.Id, suspended: true);
        await admin.RevokeKeyAsync(customer.KeyId);
        await admin.SetPriceAsync(customer.Id, "mirage", BuildTenants.Cent);
        await admin.SetPriceAsync(customer.Id, model: null, BuildTenants.Cent);
        var changes = await ReadAsync(before.Snapshot);

        Assert.True(Assert.Single(changes.Tenants, tenant => tenant.Id == customer.Id).IsSuspended);
        Assert.True(Assert.Single(changes.Keys, key => key.Id == customer.KeyId).IsRevoked);
        Assert.Equal(["", "", "mirage"], changes.Prices.Where(price => price.Tenant == customer.Id).Select(price => price.Model ?? "").Order());
        Assert.Single(changes.Prices, price => price.Tenant == customer.Id && price.Until is not null);
    }

    [Theory]
    [InlineData("UPDATE tenant SET suspended_at = clock_timestamp() WHERE id = $1")]
    [InlineData("UPDATE api_key SET revoked_at = clock_timestamp() WHERE tenant_id = $1")]
    [InlineData("INSERT INTO price_version (tenant_id, model, micros_per_unit) VALUES ($1, 'late', 1)")]
    public async Task A_change_that_is_committed_late_is_not_missed(string change)
    {
        var customer = await database.AddCustomerAsync();
        await using var late = await Blocking.BeginAsync(database, change, customer.Id.Value);

        // Others begin later and commit sooner; looks happen in between.
        await database.AddCustomerAsync();
        var first = await ReadAsync(since: 0);
        await database.AddCustomerAsync();
        var second = await ReadAsync(first.Snapshot);
        await late.CommitAsync();
        var third = await ReadAsync(second.Snapshot);

        Assert.Equal(0, Told(second));
        Assert.Equal(1, Told(third));

        int Told(DirectoryChanges changes) => changes.Tenants.Count(tenant => tenant.Id == customer.Id && tenant.IsSuspended)
            + changes.Keys.Count(key => key.Tenant == customer.Id && key.IsRevoked)
            + changes.Prices.Count(price => price.Tenant == customer.Id && price.Model == "late");
    }

    [Fact]
    public async Task No_change_is_missed_while_many_are_made()
    {
        var directory = new TenantDirectory(_store, TimeProvider.System);
        await directory.RefreshAsync(CancellationToken.None);

        var changes = Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            var made = new List<Customer>();
            for (var i = 0; i < 5; i++)
                made.Add(await database.AddCustomerAsync());
            return made;
        }));
        while (!changes.IsCompleted)
            await directory.RefreshAsync(CancellationToken.None);
        await directory.RefreshAsync(CancellationToken.None);

        foreach (var customer in (await changes).SelectMany(made => made))
        {
            Assert.NotNull(directory.FindTenant(customer.Id));
            Assert.Equal(customer.KeyId, directory.FindKey(customer.KeyId)?.Id);
            Assert.Equal(BuildTenants.Cent, directory.FindPrice(customer.Id, "mirage")?.Price);
        }
    }

    [Fact]
    public async Task A_directory_refuses_what_was_suspended_or_revoked_since_and_lets_go_on_what_was_not()
    {
        var (reseller, admin) = (await database.AddCustomerAsync(), database.Admin());
        var customer = await database.AddCustomerAsync(reseller);
        var directory = new TenantDirectory(_store, TimeProvider.System);

        Assert.Null(await RefusalAsync());
        await admin.SuspendAsync(reseller.Id, suspended: true);
        Assert.Equal(CloseCode.TenantSuspended, await RefusalAsync());
        await admin.SuspendAsync(reseller.Id, suspended: false);
        Assert.Null(await RefusalAsync());
        await admin.RevokeKeyAsync(customer.KeyId);
        Assert.Equal(CloseCode.CredentialRevoked, await RefusalAsync());

        async Task<CloseCode?> RefusalAsync()
        {
            await directory.RefreshAsync(CancellationToken.None);
            return directory.WhyRefused(customer.Path, customer.KeyId);
        }
    }

    [Fact]
    public async Task A_directory_knows_the_price_of_now()
    {
        var admin = database.Admin();
        var id = await admin.AddTenantAsync("not priced", "USD");
        var directory = new TenantDirectory(_store, TimeProvider.System);
        await directory.RefreshAsync(CancellationToken.None);
        Assert.Null(directory.FindPrice(id, "mirage"));

        var dear = new Price(90_000m, Rounding.Default);
        await admin.SetPriceAsync(id, model: null, BuildTenants.Cent);
        await admin.SetPriceAsync(id, "mirage", dear);
        await directory.RefreshAsync(CancellationToken.None);

        Assert.Equal((dear, BuildTenants.Cent), (directory.FindPrice(id, "mirage")?.Price, directory.FindPrice(id, "lucy")?.Price));
    }

    private Task<DirectoryChanges> ReadAsync(ulong since) => _store.ReadChangesAsync(since, CancellationToken.None);
}
