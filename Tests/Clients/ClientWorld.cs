using Orchestrator.Tests.Scenarios;

namespace Orchestrator.Tests.Clients;

/// <summary>A gateway and a provider, as for every scenario, and the libraries that its clients are made of.</summary>
public sealed class ClientWorld : World
{
    /// <summary>Models of libraries, which know no others.</summary>
    private static readonly string[] Models = ["sim-*", "test-*", "mirage*", "lucy*"];

    private int _names;

    /// <summary>A name that no other page has.</summary>
    internal int NextName() => Interlocked.Increment(ref _names);

    /// <summary>The process of the libraries.</summary>
    internal ClientBridge Bridge { get; private set; } = null!;

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(
        Models.Select((model, index) => KeyValuePair.Create($"Providers:simulator:Models:{index}", model)))
    {
        ["Providers:voice:Endpoint"] = new Uri(Provider.WebSocketAddress, "/v1/realtime").ToString(),
        ["Providers:voice:ApiKey"] = Provider.ApiKey,
        ["Providers:voice:Dialect"] = "openai",
        ["Providers:voice:Models:0"] = "gpt-*",
    };

    /// <summary>The gateway's address as the libraries take it.</summary>
    public string WebSocketBase => new UriBuilder(Gateway.Address) { Scheme = "ws" }.Uri.ToString().TrimEnd('/');

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Bridge = new ClientBridge();
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await Bridge.DisposeAsync();
        await base.DisposeAsync();
    }
}
