using System.Text.Json;
using Orchestrator.Simulator;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world with a provider of LiveStyler's dialect for each thing that its nodes do. Whose credential is slow is given up soon.</summary>
public class LiveStylerWorld : AccessWorld
{
    /// <summary>How many may wait of one address.</summary>
    public const int SocketsPerAddress = 4;

    /// <summary>A provider that does not take the key we have for it.</summary>
    public const string BadKey = "ls-bad-key";

    /// <summary>A provider that plays what the test says.</summary>
    public const string ByHand = "ls-by-hand";

    private static readonly string[] Models =
    [
        "ls-pending", "ls-provisioning", "ls-full", "ls-no-node", "ls-no-start", "ls-silent", "ls-mute", "ls-hang-up", "ls-drop", "ls-unknown-types", "ls-2025-07",
        BadKey, ByHand,
    ];

    /// <inheritdoc/>
    protected override SimulatorOptions ProviderOptions => base.ProviderOptions with { Pace = TimeSpan.FromMilliseconds(300) };

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings
    {
        get
        {
            var settings = new Dictionary<string, string>(base.GatewaySettings)
            {
                ["FirstFrame:Timeout"] = "00:00:05",
                ["FirstFrame:SocketsPerAddress"] = $"{SocketsPerAddress}",
                ["Relay:DialTimeout"] = "00:00:03",
            };
            foreach (var model in Models)
            {
                settings[$"Providers:{model}:Endpoint"] = new Uri(Provider.WebSocketAddress, $"/client?model={model}").ToString();
                settings[$"Providers:{model}:ApiKey"] = model is BadKey ? "sk_not_the_key_of_ours" : Provider.ApiKey;
                settings[$"Providers:{model}:Dialect"] = "livestyler";
                settings[$"Providers:{model}:Models:0"] = model;
            }

            settings["Providers:ls-2025-07:Version"] = "2025-07";
            return settings;
        }
    }

    /// <summary>The client leg's address; without a model as published clients have it.</summary>
    public Uri ClientLeg(string? model = null) =>
        new(new UriBuilder(Gateway.Address) { Scheme = "ws" }.Uri, model is null ? "/client" : $"/client?model={model}");

    /// <summary>Connects from an address of its own, and names the credential.</summary>
    public async Task<StreamClient> EnterAsync(string credential, string? model = null)
    {
        var client = await KnockAsync(model);
        await client.SendAsync(LiveStylerClient.Credential(credential));
        return client;
    }

    /// <summary>Connects from an address of its own, and says nothing yet.</summary>
    public Task<StreamClient> KnockAsync(string? model = null) => StreamClient.ConnectAsync(ClientLeg(model), reads: true, NewAddress());

    /// <summary>The one session of a tenant that has just one; the protocol tells its client no id.</summary>
    public async Task<string> SessionOfAsync(Reseller reseller)
    {
        using var http = Http(reseller.Key);
        var sessions = await Eventually.SeesAsync(
            "the session has its row", async () =>
                JsonElement.Parse(await http.GetByteArrayAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray().ToList(), list => list.Count > 0);
        return Assert.Single(sessions).GetProperty("id").GetString()!;
    }
}

/// <inheritdoc cref="LinkedWorld"/>
public class LinkedLiveStylerWorld : LiveStylerWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}
