using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Tenants;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world with policies: whose webhooks may be on this machine, and whose provider says each frame back as it came.</summary>
public class PolicyWorld : AccessWorld
{
    /// <summary>A model that sends every frame back.</summary>
    public const string Echo = "test-policy-echo";

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings =>
        new Dictionary<string, string>(base.GatewaySettings) { ["Dialling:AllowPrivate"] = "true" };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Provider.Play(Echo, Script.Begin.Echo());
    }

    /// <summary>A new tenant with that policy.</summary>
    public async Task<Reseller> NewTenantAsync(string policy, TenantId? parent = null)
    {
        var tenant = await NewTenantAsync(parent);
        using var answer = await PutAsync(tenant, tenant, $$"""{"policy":{{policy}}}""");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return tenant;
    }

    /// <summary>Sets the policies of a tenant, as somebody who has just looked.</summary>
    public async Task<HttpResponseMessage> PutAsync(Reseller who, Reseller about, string body)
    {
        using var http = Http(who.Key);
        using var standing = await http.GetAsync(AddressOf(about));
        return await SendAsync(who, HttpMethod.Put, about, body, ("If-Match", standing.Headers.ETag!.ToString()));
    }

    /// <summary>Asks for something about a tenant's policies.</summary>
    public async Task<HttpResponseMessage> SendAsync(Reseller who, HttpMethod method, Reseller about, string? body, params (string Name, string Value)[] headers)
    {
        using var http = Http(who.Key);
        using var request = new HttpRequestMessage(method, AddressOf(about)) { Content = body is null ? null : JsonContent.Create(JsonElement.Parse(body)) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request);
    }

    /// <summary>The policies of a tenant as the API shows them.</summary>
    public async Task<(string ETag, JsonElement Body)> PoliciesAsync(Reseller who, Reseller about)
    {
        using var answer = await SendAsync(who, HttpMethod.Get, about, body: null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (answer.Headers.ETag!.ToString(), JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()));
    }

    /// <summary>What went against the policy of an ended session, in order, as its timeline tells it.</summary>
    public async Task<IReadOnlyList<JsonElement>> ViolationsAsync(Reseller tenant, string session)
    {
        await EndOfAsync(tenant, session);
        var happened = await TimelineAsync(tenant, session);
        return [.. happened.Where(one => one.GetProperty("kind").GetString() == "policy_violation").Select(one => one.GetProperty("detail"))];
    }

    /// <summary>Says these, and answers as many that were heard.</summary>
    public static async Task<IReadOnlyList<string>> SayAsync(StreamClient client, IEnumerable<string> frames)
    {
        List<string> heard = [];
        foreach (var frame in frames)
        {
            await client.SendAsync(frame);
            heard.Add((await client.NextAsync()).Text);
        }

        return heard;
    }

    private static string AddressOf(Reseller about) => $"/v1/tenants/{about.Id}/policy";
}
