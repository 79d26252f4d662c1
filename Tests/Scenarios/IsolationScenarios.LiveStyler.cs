using System.Net;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

public partial class IsolationScenarios
{
    [Fact]
    public async Task What_a_first_frame_opens_belongs_to_its_tenant()
    {
        var (one, other) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var (name, value) = world.NewAddress();
        await using var client = await StreamClient.ConnectAsync(new Uri(new UriBuilder(world.Gateway.Address) { Scheme = "ws" }.Uri, "/client"), reads: true, (name, value));

        await client.SendAsync(LiveStylerClient.Credential(one.Key));
        await client.ExpectAsync("auth_success");

        Assert.Single(await ListAsync(one, ""));
        Assert.Empty(await ListAsync(other, ""));
        // The list of filters is the provider's own and nobody's secret, but not for those who hold no credential.
        foreach (var (credential, status) in new[] { (one.Key, HttpStatusCode.OK), ("ork_" + new string('x', 43), HttpStatusCode.Unauthorized) })
        {
            using var http = world.Http(credential);
            http.DefaultRequestHeaders.Add(name, value);
            using var answer = await http.GetAsync("/filter-category/active");
            Assert.Equal(status, answer.StatusCode);
        }
    }
}
