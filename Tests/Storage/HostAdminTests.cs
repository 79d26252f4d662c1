using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Tenants;
using Orchestrator.Storage.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public class HostAdminTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly HostAdmin _hosts = new(database.Database);

    [Fact]
    public async Task An_address_belongs_to_one_tenant_at_a_time_and_every_process_learns_of_it()
    {
        var (one, other) = (await database.AddCustomerAsync(), await database.AddCustomerAsync());
        var directory = new TenantDirectory(new TenantStore(database.Database), TimeProvider.System);

        Assert.Equal(HostOutcome.Added, await _hosts.AddAsync(one.Id, "a.shop.example", "a test"));
        Assert.Equal(HostOutcome.Added, await _hosts.AddAsync(one.Id, "a.shop.example", "a test"));
        Assert.Equal(HostOutcome.Taken, await _hosts.AddAsync(other.Id, "a.shop.example", "a test"));
        Assert.Equal(one.Id, await OwnerAsync("A.Shop.example."));
        Assert.False(await _hosts.RemoveAsync(other.Id, "a.shop.example", "a test"));
        Assert.True(await _hosts.RemoveAsync(one.Id, "a.shop.example", "a test"));
        Assert.Null(await OwnerAsync("a.shop.example"));
        Assert.Empty(await _hosts.ListAsync(one.Id));
        Assert.Equal(HostOutcome.Added, await _hosts.AddAsync(other.Id, "a.shop.example", "a test"));
        Assert.Equal(other.Id, await OwnerAsync("a.shop.example"));

        async Task<TenantId?> OwnerAsync(string host)
        {
            await directory.RefreshAsync(CancellationToken.None);
            return directory.OwnerOf(host)?.Id;
        }
    }

    [Fact]
    public async Task A_tenant_has_no_more_than_it_may_and_keeps_those_it_has()
    {
        var tenant = await database.AddCustomerAsync();
        for (var i = 0; i < HostAdmin.MaxHosts; i++)
            Assert.Equal(HostOutcome.Added, await _hosts.AddAsync(tenant.Id, $"h{i}.many.example", "a test"));

        Assert.Equal(HostOutcome.TooMany, await _hosts.AddAsync(tenant.Id, "one.more.example", "a test"));
        Assert.Equal(HostOutcome.Added, await _hosts.AddAsync(tenant.Id, "h0.many.example", "a test"));
        Assert.Equal(HostAdmin.MaxHosts, (await _hosts.ListAsync(tenant.Id)).Count);
    }
}
