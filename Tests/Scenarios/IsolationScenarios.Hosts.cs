using System.Net;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <content>Addresses: whose they are is said from above, and at one that is somebody's nobody else's credentials count.</content>
public partial class IsolationScenarios
{
    [Fact]
    public async Task An_address_is_given_and_taken_from_above()
    {
        var (root, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var child = await world.NewTenantAsync(root.Id);
        var host = NewHost();

        // Nobody takes one for itself but a root, and nobody gives one to whom it does not see.
        Assert.Equal((HttpStatusCode.Forbidden, "above_only"), await HostAsync(child, "POST", child, host));
        Assert.Equal((HttpStatusCode.NotFound, "tenant_not_found"), await HostAsync(stranger, "POST", child, host));
        Assert.Equal((HttpStatusCode.NotFound, "tenant_not_found"), await HostAsync(child, "POST", root, host));
        Assert.Equal((HttpStatusCode.NotFound, "tenant_not_found"), await HostAsync(stranger, "GET", child, ""));
        Assert.Equal((HttpStatusCode.NoContent, ""), await HostAsync(root, "POST", child, host.ToUpperInvariant() + "."));
        Assert.Equal((HttpStatusCode.NoContent, ""), await HostAsync(root, "POST", child, host));
        Assert.Equal((HttpStatusCode.Conflict, "host_taken"), await HostAsync(stranger, "POST", stranger, host));
        Assert.Contains(host, (await AskAsync(child, "GET", $"/v1/tenants/{child.Id}/hosts")).Body, StringComparison.Ordinal);

        Assert.Equal((HttpStatusCode.Forbidden, "above_only"), await HostAsync(child, "DELETE", child, host));
        Assert.Equal((HttpStatusCode.NotFound, "tenant_not_found"), await HostAsync(stranger, "DELETE", child, host));
        Assert.Equal((HttpStatusCode.NotFound, "host_not_found"), await HostAsync(root, "DELETE", root, host));
        Assert.Equal((HttpStatusCode.NoContent, ""), await HostAsync(root, "DELETE", child, host));
        Assert.Equal((HttpStatusCode.NoContent, ""), await HostAsync(stranger, "POST", stranger, host));
        Assert.Equal(3, await world.Database.ReadAsync<long>("SELECT count(*) FROM audit WHERE action LIKE 'host_%' AND detail ->> 'host' = $1", host));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("a b.example")]
    [InlineData("-a.example")]
    [InlineData("video.shop.example:443")]
    [InlineData("https://video.shop.example")]
    public async Task What_is_no_name_of_a_host_is_nobodys_address(string host)
    {
        var root = await world.NewTenantAsync();

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "validation_failed"), await HostAsync(root, "POST", root, host));
    }

    [Fact]
    public async Task At_an_address_that_is_somebodys_only_credentials_of_its_tree_count()
    {
        var (root, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var (child, sibling) = (await world.NewTenantAsync(root.Id), await world.NewTenantAsync(root.Id));
        var grandchild = await world.NewTenantAsync(child.Id);
        var host = NewHost();
        Assert.Equal((HttpStatusCode.NoContent, ""), await HostAsync(root, "POST", child, host));
        await Eventually.IsAsync("the address is known", async () => !await CountsAsync(stranger.Key, host));

        foreach (var (who, counts) in new[] { (child, true), (grandchild, true), (root, true), (sibling, false), (stranger, false) })
            Assert.Equal(counts, await CountsAsync(who.Key, host));
        foreach (var (credential, code) in new[] { (await world.MintAsync(stranger.Key), 4400), (stranger.Key, 4400) })
        {
            await using var refused = await world.ConnectAsync(credential, "sim-idle", world.NewAddress(), ("Host", host + ":8443"));
            Assert.Equal((code, "Unauthorized: invalid API key"), ((await refused.FarewellAsync()).Code, (await refused.FarewellAsync()).Reason));
        }

        await using var admitted = await world.ConnectAsync(await world.MintAsync(grandchild.Key), "sim-idle", world.NewAddress(), ("Host", host));
        await admitted.ExpectAsync("generation_started");
        await using var elsewhere = await world.ConnectAsync(stranger.Key, "sim-idle", world.NewAddress(), ("Host", NewHost()));
        await elsewhere.ExpectAsync("generation_started");

        await HostAsync(root, "DELETE", child, host);
        await Eventually.IsAsync("it serves everybody again", () => CountsAsync(stranger.Key, host));
    }

    private static string NewHost() => $"video{Interlocked.Increment(ref _customers)}.shop.example";

    private async Task<bool> CountsAsync(string key, string host)
    {
        using var http = world.Http(key);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/sessions") { Headers = { Host = host } };
        var (name, value) = world.NewAddress();
        request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);
        return answer.IsSuccessStatusCode;
    }

    private async Task<(HttpStatusCode Status, string Code)> HostAsync(Reseller who, string method, Reseller about, string host)
    {
        var told = await AskAsync(
            who, method, $"/v1/tenants/{about.Id}/hosts{(method == "DELETE" ? $"/{host}" : "")}", method == "POST" ? new { host } : null);
        var hasCode = told.Body.Contains("\"code\"", StringComparison.Ordinal);
        return (told.Status, hasCode ? JsonElement.Parse(told.Body).GetProperty("code").GetString()! : "");
    }
}
