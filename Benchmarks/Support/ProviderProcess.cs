using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Orchestrator.Benchmarks.Support;

/// <summary>A Simulator in a process of its own, and what programs of ours must be told to relay to it.</summary>
internal sealed class ProviderProcess : IAsyncDisposable
{
    private const string Key = "bench-provider-key";

    // One for all processes of a run: a client token of one of them opens sessions at any other of the same schema.
    private static readonly string MasterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private readonly ChildProcess _process;
    private readonly int _port;

    private ProviderProcess(ChildProcess process, int port) => (_process, _port) = (process, port);

    /// <summary>Its stream, with the credential it wants; for those who go there without us.</summary>
    public Uri Stream => new($"ws://127.0.0.1:{_port}/v1/stream?api_key={Key}&model=sim-echo");

    /// <summary>Starts it.</summary>
    public static async Task<ProviderProcess> StartAsync()
    {
        var port = Ports.Free();
        var process = ChildProcess.StartOwn("Orchestrator.Simulator.dll", ["serve", "--urls", $"http://127.0.0.1:{port}", "--api-key", Key, "--buffer-sends"]);
        await process.WhenListeningAsync(port);
        return new ProviderProcess(process, port);
    }

    /// <summary>What a process that relays to it over this schema finds in its environment.</summary>
    public Dictionary<string, string> SettingsFor(BenchSchema schema) => new()
    {
        ["ConnectionStrings__Orchestrator"] = schema.Application,
        ["ConnectionStrings__OrchestratorOwner"] = "",
        ["MasterKey"] = MasterKey,
        ["Providers__simulator__Endpoint"] = $"ws://127.0.0.1:{_port}/v1/stream",
        ["Providers__simulator__ApiKey"] = Key,
        ["Providers__simulator__Models__0"] = "sim-*",
    };

    /// <summary>Where a client opens a session of this model at the process that listens on this port.</summary>
    public static Uri Session(int port, string token, string model) => new($"ws://127.0.0.1:{port}/v1/stream?api_key={Uri.EscapeDataString(token)}&model={model}");

    /// <summary>A client token as a tenant's back end gets one for its end user from the process that listens on this port.</summary>
    public static async Task<string> MintAsync(int port, string key)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("X-API-KEY", key);
        using var answer = await http.PostAsJsonAsync(new Uri($"http://127.0.0.1:{port}/v1/client/tokens"), new { expiresIn = 3600, metadata = new { user_id = "bench" } });
        answer.EnsureSuccessStatusCode();
        var token = await answer.Content.ReadFromJsonAsync<JsonObject>();
        return token?["apiKey"]?.GetValue<string>() ?? throw new InvalidOperationException("The Gateway answered without a token.");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
