using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Security;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Security;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world for those who try the door: loopback counts as a proxy, so every test may come from an address of its own.</summary>
public class AccessWorld : World
{
    private int _addresses;

    /// <summary>Whether there is a tenant from the start.</summary>
    protected virtual bool NeedsSomeone => true;

    /// <summary>A tenant for whoever needs just one, always the same.</summary>
    public Reseller Someone { get; private set; } = null!;

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>
    {
        ["TrustedProxies:0"] = "127.0.0.0/8",
        ["Providers:livestyler:Endpoint"] = new Uri(Provider.WebSocketAddress, "/client?model=ls-waiting").ToString(),
        ["Providers:livestyler:ApiKey"] = Provider.ApiKey,
        ["Providers:livestyler:Dialect"] = "livestyler",
        ["Providers:livestyler:RestEndpoint"] = Provider.Address.ToString(),
        ["Providers:livestyler:Models:0"] = "ls-waiting",
    };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (NeedsSomeone)
            Someone = await NewTenantAsync();
    }

    /// <summary>An address that nobody else comes from, in the header that a proxy would set.</summary>
    public (string Name, string Value) NewAddress() => ("X-Forwarded-For", $"198.51.100.{Interlocked.Increment(ref _addresses)}");

    /// <summary>A token as a back end gets it.</summary>
    public async Task<string> MintAsync(string key, object? body = null)
    {
        using var http = Http(key);
        using var answer = await http.PostAsJsonAsync("/v1/client/tokens", body ?? new { });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("apiKey").GetString()!;
    }

    /// <summary>A token that no request could ask for, sealed with the gateways' own ring: one that is past its time, for one.</summary>
    public string Forge(Credential.ClientToken token)
    {
        var services = new ServiceCollection();
        services.AddSingleton(Orchestrator.Gateway.Security.MasterKey.Load(
            new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("MasterKey", (string?)MasterKey)]).Build(), new HostingEnvironment()));
        services.AddSingleton(new KeyRingStore(Database.Database));
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, KeyRing>();
        services.AddDataProtection().SetApplicationName("Orchestrator");
        using var provider = services.BuildServiceProvider();
        return new ClientTokens(provider.GetRequiredService<IDataProtectionProvider>()).Write(token);
    }

    /// <summary>Waits until the gateway refuses this credential.</summary>
    public async Task UntilRefusedAsync(string key)
    {
        using var http = Http(key);
        var (name, value) = NewAddress();
        http.DefaultRequestHeaders.Add(name, value);
        await Eventually.IsAsync("the credential is refused", async () => !(await http.GetAsync("/v1/sessions")).IsSuccessStatusCode);
    }

    /// <summary>Connects from that address.</summary>
    public Task<StreamClient> ConnectAsync(string credential, string model, params (string Name, string Value)[] headers) =>
        StreamClient.ConnectAsync(StreamFor(credential, model), reads: true, headers);
}
