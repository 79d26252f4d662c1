using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Orchestrator.Benchmarks.Support;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>
/// A Simulator and a Gateway as they run in production: processes of their own, a durable database, metering on. Its schema
/// is its own, so there is nothing to reap and no table that an earlier run has filled.
/// </summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private const string ProviderKey = "bench-provider-key";

    private readonly BenchSchema _schema;
    private readonly ChildProcess _simulator;
    private readonly Uri _client;
    private readonly string _token;

    private GatewayUnderTest(BenchSchema schema, ChildProcess simulator, Uri provider, ChildProcess gateway, Uri client, string token)
    {
        (_schema, _simulator, Provider, Process, _client, _token) = (schema, simulator, provider, gateway, client, token);
    }

    /// <summary>The Simulator's stream, with the credential it wants; for rows that go there without us.</summary>
    public Uri Provider { get; }

    /// <summary>The Gateway.</summary>
    public ChildProcess Process { get; }

    /// <summary>Where a client of ours opens a session of this model, with a client token.</summary>
    public Uri Session(string model) => new UriBuilder(_client) { Query = $"api_key={Uri.EscapeDataString(_token)}&model={model}" }.Uri;

    /// <summary>Starts both, over the database that the environment names.</summary>
    public static async Task<GatewayUnderTest> StartAsync(string purpose)
    {
        var schema = await BenchSchema.CreateAsync(purpose);
        var key = await PrepareAsync(schema);

        var (simulatorPort, gatewayPort) = (Ports.Free(), Ports.Free());
        var simulator = ChildProcess.StartOwn("Orchestrator.Simulator.dll", ["serve", "--urls", $"http://127.0.0.1:{simulatorPort}", "--api-key", ProviderKey, "--buffer-sends"]);
        await simulator.WhenListeningAsync(simulatorPort);
        var gateway = ChildProcess.StartOwn("orchestrator.dll", ["serve", "--urls", $"http://127.0.0.1:{gatewayPort}"], new Dictionary<string, string>
        {
            ["ConnectionStrings__Orchestrator"] = schema.Application,
            ["ConnectionStrings__OrchestratorOwner"] = "",
            ["MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Providers__simulator__Endpoint"] = $"ws://127.0.0.1:{simulatorPort}/v1/stream",
            ["Providers__simulator__ApiKey"] = ProviderKey,
            ["Providers__simulator__Models__0"] = "sim-*",
        });
        await gateway.WhenListeningAsync(gatewayPort);
        return new GatewayUnderTest(
            schema, simulator, new Uri($"ws://127.0.0.1:{simulatorPort}/v1/stream?api_key={ProviderKey}&model=sim-echo"),
            gateway, new Uri($"ws://127.0.0.1:{gatewayPort}/v1/stream"), await MintAsync(new Uri($"http://127.0.0.1:{gatewayPort}/v1/client/tokens"), key));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await _simulator.DisposeAsync();
        await _schema.DisposeAsync();
    }

    private static async Task<string> PrepareAsync(BenchSchema schema)
    {
        await using var database = new Database(schema.Application);
        var admin = new TenantAdmin(database, TimeProvider.System);
        var tenant = await admin.AddTenantAsync("bench", "USD");
        await admin.SetPriceAsync(tenant, model: null, new Price(1_000m, Rounding.Default));
        return (await admin.AddKeyAsync(tenant, "bench")).Key;
    }

    /// <summary>A token as a tenant's back end gets one for its end user.</summary>
    private static async Task<string> MintAsync(Uri address, string key)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-API-KEY", key);
        using var answer = await http.PostAsJsonAsync(address, new { expiresIn = 3600, metadata = new { user_id = "bench" } });
        answer.EnsureSuccessStatusCode();
        var token = await answer.Content.ReadFromJsonAsync<JsonObject>();
        return token?["apiKey"]?.GetValue<string>() ?? throw new InvalidOperationException("The Gateway answered without a token.");
    }
}
