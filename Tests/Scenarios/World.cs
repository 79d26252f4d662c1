using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Simulator;
using Orchestrator.Storage.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A tenant with a key, as its owner holds it.</summary>
public sealed record Reseller(TenantId Id, string Name, Guid KeyId, string Key);

/// <summary>
/// A simulated provider, a database and real gateways between them and the clients of a test class. Every class has one of
/// its own; a subclass changes what its gateways and its provider are told.
/// </summary>
public class World : IAsyncLifetime
{
    /// <summary>Two cents a second, rounded up to whole seconds.</summary>
    public const decimal MicrosPerSecond = 20_000m;

    private readonly List<ChildGateway> _gateways = [];
    private int _names;

    /// <summary>The key that the gateways share.</summary>
    public string MasterKey { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>The books.</summary>
    public TestDatabase Database { get; protected set; } = new();

    /// <summary>The provider.</summary>
    public ProviderSimulator Provider { get; private set; } = null!;

    /// <summary>The first gateway.</summary>
    public ChildGateway Gateway { get; private set; } = null!;

    /// <summary>Changes tenants as an operator would.</summary>
    public TenantAdmin Admin { get; private set; } = null!;

    /// <summary>What the provider is like.</summary>
    protected virtual SimulatorOptions ProviderOptions => new() { ApiKey = "dct_" + Convert.ToHexString(RandomNumberGenerator.GetBytes(16)) };

    /// <summary>Settings of the gateways beside those that make them run.</summary>
    protected virtual IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>();

    /// <summary>Whether its provider calls a session by one name, as providers do: what is looked at in the end.</summary>
    protected virtual bool NamesSessionsOnce => true;

    /// <summary>Whether a gateway is started with the world.</summary>
    protected virtual bool StartsGateway => true;

    /// <inheritdoc/>
    public virtual async Task InitializeAsync()
    {
        await MigrateAsync();
        await Ownership.WatchAsync(Database);
        Admin = new TenantAdmin(Database.Database, TimeProvider.System);
        Provider = await ProviderSimulator.StartAsync(ProviderOptions);
        ProviderWatch.Watch(names: ["simulator"], secrets: [Provider.ApiKey, Provider.WebSocketAddress.Authority]);
        if (StartsGateway)
            Gateway = await StartGatewayAsync();
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        try
        {
            ProviderWatch.AssertNone([.. _gateways.Select(gateway => gateway.Address.Port)]);
            if (Provider is not null && NamesSessionsOnce)
                await Ownership.AssertAsync(Database, Provider.Truth);
        }
        finally
        {
            if (Provider is not null)
                await Provider.DisposeAsync();
            await Database.DisposeAsync();
        }
    }

    /// <summary>Whether clients and the API are served there.</summary>
    protected virtual bool Serves(ChildGateway gateway) => true;

    /// <summary>Makes the tables.</summary>
    protected virtual Task MigrateAsync() => Database.InitializeAsync();

    /// <summary>Starts another gateway on the same database and provider.</summary>
    public Task<ChildGateway> StartGatewayAsync(params (string Name, string Value)[] settings) => StartGatewayAsync(ChildGateway.StartAsync, settings);

    /// <summary>Starts another gateway in a way of the caller's.</summary>
    protected async Task<ChildGateway> StartGatewayAsync(
        Func<IReadOnlyDictionary<string, string>, Task<ChildGateway>> start, params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ConnectionStrings:Orchestrator"] = Database.ConnectionString,
            ["MasterKey"] = MasterKey,
            ["Grains:Strict"] = "true",
            ["Logging:LogLevel:Orchestrator"] = "Debug",
            ["Providers:simulator:Endpoint"] = new Uri(Provider.WebSocketAddress, "/v1/stream").ToString(),
            ["Providers:simulator:ApiKey"] = Provider.ApiKey,
            ["Providers:simulator:Models:0"] = "sim-*",
            ["Providers:simulator:Models:1"] = "test-*",
        };
        foreach (var (name, value) in GatewaySettings.Select(setting => (setting.Key, setting.Value)).Concat(settings))
            all[name] = value;
        var gateway = await start(all);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>A new tenant with a price for every model and one key, known to every gateway by the time the task completes.</summary>
    public async Task<Reseller> NewTenantAsync(TenantId? parent = null, int? maxSessions = null, int? maxSessionSeconds = null)
    {
        var name = $"tenant {Interlocked.Increment(ref _names)}";
        var id = await Admin.AddTenantAsync(name, "USD", parent, maxSessions, maxSessionSeconds);
        await Admin.SetPriceAsync(id, model: null, new Price(MicrosPerSecond, Rounding.Default));
        var key = await Admin.AddKeyAsync(id, name);
        var reseller = new Reseller(id, name, key.Id, key.Key);
        foreach (var gateway in _gateways.Where(gateway => Serves(gateway) && !gateway.Gone.IsCompleted))
        {
            using var http = Http(reseller.Key, gateway);
            await Eventually.IsAsync($"{name} is known", async () => (await http.GetAsync("/v1/sessions")).IsSuccessStatusCode);
        }

        return reseller;
    }

    /// <summary>The stream endpoint's address for a client.</summary>
    public Uri StreamFor(string credential, string model, ChildGateway? gateway = null) => new(
        new UriBuilder((gateway ?? Gateway).Address) { Scheme = "ws" }.Uri,
        $"/v1/stream?api_key={Uri.EscapeDataString(credential)}&model={Uri.EscapeDataString(model)}");

    /// <summary>Connects a client.</summary>
    public Task<StreamClient> ConnectAsync(string credential, string model, ChildGateway? gateway = null) =>
        StreamClient.ConnectAsync(StreamFor(credential, model, gateway));

    /// <summary>Connects a client and takes the provider's end of its session.</summary>
    public async Task<(StreamClient Client, Orchestrator.Simulator.Providers.Decart.ProviderConnection Upstream)> OpenAsync(
        Reseller reseller, string model, ChildGateway? gateway = null)
    {
        var client = await ConnectAsync(reseller.Key, model, gateway);
        return (client, await Provider.NextConnectionAsync(model, TimeSpan.FromSeconds(15)));
    }

    /// <summary>The HTTP API as the holder of that key sees it.</summary>
    public HttpClient Http(string key, ChildGateway? gateway = null)
    {
        var http = WatchedHttp.At((gateway ?? Gateway).Address, TimeSpan.FromSeconds(15));
        http.DefaultRequestHeaders.Add("X-API-KEY", key);
        return http;
    }

    /// <summary>A session as the API shows it.</summary>
    public async Task<JsonElement> SessionAsync(Reseller reseller, string session, ChildGateway? gateway = null)
    {
        using var http = Http(reseller.Key, gateway);
        return JsonElement.Parse(await http.GetByteArrayAsync($"/v1/sessions/{session}"));
    }

    /// <summary>What happened to a session, in order, as the API tells it.</summary>
    public async Task<IReadOnlyList<JsonElement>> TimelineAsync(Reseller reseller, string session)
    {
        using var http = Http(reseller.Key);
        return [.. JsonElement.Parse(await http.GetByteArrayAsync($"/v1/sessions/{session}/timeline?limit=1000")).GetProperty("events").EnumerateArray()];
    }

    /// <summary>Waits until a session is in that phase, and answers it as the API shows it then.</summary>
    public Task<JsonElement> PhaseAsync(Reseller reseller, string session, string phase) =>
        SeesAsync(reseller, session, $"is {phase}", seen => seen.GetProperty("phase").GetString() == phase);

    /// <summary>Waits until a session shows so; it may still have no row.</summary>
    public async Task<JsonElement> SeesAsync(Reseller reseller, string session, string what, Func<JsonElement, bool> isSo)
    {
        using var http = Http(reseller.Key);
        var seen = await Eventually.SeesAsync<JsonElement?>($"session {session} {what}", LookAsync, seen => seen is { } row && isSo(row));
        return seen!.Value;

        async Task<JsonElement?> LookAsync()
        {
            using var answer = await http.GetAsync($"/v1/sessions/{session}");
            return answer.IsSuccessStatusCode ? JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()) : null;
        }
    }

    /// <summary>Waits until a session has ended in the books, and answers the name of its close code.</summary>
    public async Task<string> EndOfAsync(Reseller reseller, string session, TimeSpan? timeout = null, ChildGateway? gateway = null)
    {
        var seen = await Eventually.SeesAsync(
            $"session {session} has ended", () => SessionAsync(reseller, session, gateway), seen => seen.GetProperty("endedAt").ValueKind is not JsonValueKind.Null, timeout);
        return seen.GetProperty("close").GetProperty("name").GetString()!;
    }
}
