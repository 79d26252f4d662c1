using System.Text;
using Orchestrator.Benchmarks.Support;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>
/// A Simulator and a Gateway as they run in production: processes of their own, a durable database, metering on. Its schema
/// is its own, so there is nothing to reap and no table that an earlier run has filled.
/// </summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly BenchSchema _schema;
    private readonly ProviderProcess _provider;
    private readonly int _port;
    private readonly string _token;

    private GatewayUnderTest(BenchSchema schema, ProviderProcess provider, ChildProcess gateway, int port, string token)
    {
        (_schema, _provider, Process, _port, _token) = (schema, provider, gateway, port, token);
    }

    /// <summary>The Simulator's stream, with the credential it wants; for rows that go there without us.</summary>
    public Uri Provider => _provider.Stream;

    /// <summary>The Gateway.</summary>
    public ChildProcess Process { get; }

    /// <summary>What another process finds in its environment that serves the same tenants beside it.</summary>
    public IReadOnlyDictionary<string, string> Settings => _provider.SettingsFor(_schema);

    /// <summary>Where a client of ours opens a session of this model, with a client token.</summary>
    public Uri Session(string model) => SessionAt(_port, model);

    /// <summary>The same at a process beside it.</summary>
    public Uri SessionAt(int port, string model) => ProviderProcess.Session(port, _token, model);

    /// <summary>Starts both, over the database that the environment names.</summary>
    public static async Task<GatewayUnderTest> StartAsync(string purpose)
    {
        var schema = await BenchSchema.CreateAsync(purpose);
        var (_, key) = await PrepareAsync(schema);
        var provider = await ProviderProcess.StartAsync();
        var port = Ports.Free();
        var gateway = ChildProcess.StartOwn("orchestrator.dll", ["serve", "--urls", $"http://127.0.0.1:{port}"], provider.SettingsFor(schema));
        await gateway.WhenListeningAsync(port);
        return new GatewayUnderTest(schema, provider, gateway, port, await ProviderProcess.MintAsync(port, key));
    }

    /// <summary>Where a client of a tenant with such a policy opens a session of this model.</summary>
    /// <param name="policy">The body of <c>PUT /v1/tenants/{id}/policy</c>.</param>
    /// <param name="model">The model.</param>
    public async Task<Uri> SessionUnderAsync(string policy, string model)
    {
        var (tenant, key) = await PrepareAsync(_schema);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        http.DefaultRequestHeaders.Add("X-API-KEY", key);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/tenants/{tenant}/policy") { Content = new StringContent(policy, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"The policy was not taken: {await answer.Content.ReadAsStringAsync()}");
        return ProviderProcess.Session(_port, await ProviderProcess.MintAsync(_port, key), model);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await _provider.DisposeAsync();
        await _schema.DisposeAsync();
    }

    private static async Task<(TenantId Tenant, string Key)> PrepareAsync(BenchSchema schema)
    {
        await using var database = new Database(schema.Application);
        var admin = new TenantAdmin(database, TimeProvider.System);
        var tenant = await admin.AddTenantAsync("bench", "USD");
        await admin.SetPriceAsync(tenant, model: null, new Price(1_000m, Rounding.Default));
        return (tenant, (await admin.AddKeyAsync(tenant, "bench")).Key);
    }
}
