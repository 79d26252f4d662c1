using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world whose providers go wrong, also before they say a word, and whose gateway notices soon.</summary>
public class FaultWorld : World
{
    /// <summary>How long a dial may take.</summary>
    public const int DialSeconds = 3;

    private static readonly string[] Ways =
        [OddProvider.Silent, OddProvider.Reset, OddProvider.Mute, OddProvider.Late, .. new[] { 200, 302, 400, 401, 404, 429, 500, 503 }.Select(OddProvider.Status)];

    /// <summary>Providers that do not get as far as a script: model <c>odd-WAY</c> is served in that way.</summary>
    public OddProvider Odd { get; } = new();

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings
    {
        get
        {
            var settings = new Dictionary<string, string>
            {
                ["Relay:DialTimeout"] = TimeSpan.FromSeconds(DialSeconds).ToString(),
                ["Relay:TickTimeout"] = "00:00:01",
            };
            foreach (var way in Ways)
                Add($"odd-{way}", Odd.For(way), "dct_odd");
            Add("odd-nowhere", Odd.Nowhere, "dct_odd");
            Add("odd-key", new Uri(Provider.WebSocketAddress, "/v1/stream"), "dct_wrong");
            return settings;

            void Add(string name, Uri endpoint, string key)
            {
                settings[$"Providers:{name}:Endpoint"] = endpoint.ToString();
                settings[$"Providers:{name}:ApiKey"] = key;
                settings[$"Providers:{name}:Models:0"] = name;
            }
        }
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Odd.DisposeAsync();
    }
}
