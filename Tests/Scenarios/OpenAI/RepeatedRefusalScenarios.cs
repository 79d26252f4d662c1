using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>A world with a provider of each dialect that does not take our key.</summary>
public class RefusedWorld : OpenAIWorld
{
    /// <summary>A model of LiveStyler's dialect that nobody is served.</summary>
    public const string Filtered = "ls-refused";

    /// <summary>A model of OpenAI's that nobody is served.</summary>
    public const string Spoken = "voice-refused";

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Providers:filtered:Endpoint"] = new Uri(Provider.WebSocketAddress, $"/client?model={Filtered}").ToString(),
        ["Providers:filtered:ApiKey"] = "sk_not_the_key_of_ours",
        ["Providers:filtered:Dialect"] = "livestyler",
        ["Providers:filtered:Models:0"] = Filtered,
        ["Providers:spoken:Endpoint"] = new Uri(Provider.WebSocketAddress, OpenAITwin.Path).ToString(),
        ["Providers:spoken:ApiKey"] = "sk_not_the_key_of_ours",
        ["Providers:spoken:Dialect"] = "openai",
        ["Providers:spoken:Models:0"] = Spoken,
    };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Provider.Play(Filtered, LiveStylerScripts.Begin);
    }
}

/// <summary>
/// Clients that come back although they were refused: the same thing is refused again from memory, without a claim or a dial, and in the same words;
/// who comes with another credential from the same address, perhaps the same house, is another.
/// </summary>
public class RepeatedRefusalScenarios(RefusedWorld world) : IClassFixture<RefusedWorld>
{
    /// <summary>What published clients take for a reason to come back.</summary>
    private static readonly int?[] Reconnects = [null, 1001, 1005, 1006, 1011, 1012, 1013, 1015];

    private static readonly string[] StopPhrases = ["permission denied", "not allowed", "invalid session", "401", "invalid api key", "unauthorized"];

    [Theory]
    [InlineData("livestyler")]
    [InlineData("openai")]
    [InlineData("openai by subprotocol")]
    [InlineData("openai call")]
    public async Task What_was_refused_is_refused_again_from_memory_and_to_nobody_else(string surface)
    {
        var tenant = await world.NewTenantAsync();
        var (one, other) = (await world.MintAsync(tenant.Key), await world.MintAsync(tenant.Key));
        var address = world.NewAddress();

        var first = await TryAsync(surface, one, address);
        await RowsAsync(tenant, 1);
        var (second, third) = (await TryAsync(surface, one, address), await TryAsync(surface, one, address));

        Assert.Equal((first, first), (second, third));
        await RowsAsync(tenant, 1);
        // Its neighbour is not held to it, and neither is it to where it was.
        await TryAsync(surface, other, address);
        await RowsAsync(tenant, 2);
        await TryAsync(surface, one, world.NewAddress());
        await RowsAsync(tenant, 3);
    }

    [Theory]
    [InlineData("livestyler", "suspended")]
    [InlineData("livestyler", "full")]
    [InlineData("livestyler", "unknown model")]
    [InlineData("openai", "nobody")]
    [InlineData("openai", "suspended")]
    [InlineData("openai", "full")]
    [InlineData("openai", "unknown model")]
    public async Task What_will_be_refused_again_is_said_so_that_a_published_client_stops(string surface, string why)
    {
        var tenant = await world.NewTenantAsync(maxSessions: why == "full" ? 0 : null);
        if (why == "suspended")
        {
            await world.Admin.SuspendAsync(tenant.Id, suspended: true);
            await world.UntilRefusedAsync(tenant.Key);
        }

        await using var client = await EnterAsync(
            surface, why == "nobody" ? "ork_nobody" : tenant.Key, world.NewAddress(), why == "unknown model" ? "unknown" : surface == "openai" ? "test-voice-stop" : "ls-waiting");
        var farewell = await client.FarewellAsync();

        Assert.DoesNotContain(farewell.Code, Reconnects);
        Assert.InRange(farewell.Code!.Value, 4400, 4499);
        var said = client.All[^1];
        Assert.Equal("error", said.Type);
        var error = JsonElement.Parse(said.Bytes);
        var words = surface == "openai" ? error.GetProperty("error").GetProperty("message").GetString()! : error.GetProperty("message").GetString()!;
        Assert.Equal(farewell.Reason, words);
        Assert.Contains(StopPhrases, phrase => words.Contains(phrase, StringComparison.OrdinalIgnoreCase));
    }

    private async Task<string> TryAsync(string surface, string credential, (string Name, string Value) address)
    {
        if (surface == "openai call")
        {
            using var http = WatchedHttp.At(world.Gateway.Address, TimeSpan.FromSeconds(30));
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
            http.DefaultRequestHeaders.Add(address.Name, address.Value);
            using var form = new MultipartFormDataContent
            {
                { new StringContent(OpenAIWorld.Offer, Encoding.UTF8, new MediaTypeHeaderValue("application/sdp")), "sdp" },
                { new StringContent($$"""{"type":"realtime","model":"{{RefusedWorld.Spoken}}"}""", Encoding.UTF8, "application/json"), "session" },
            };
            using var answer = await http.PostAsync("/v1/realtime/calls", form);
            return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }

        if (surface == "openai by subprotocol")
        {
            // As browsers do, which can set no header.
            using var http = WatchedHttp.At(world.Gateway.Address);
            using var answer = await RawHttp.UpgradeAsync(
                http, $"/v1/realtime?model={RefusedWorld.Spoken}", address, ("Sec-WebSocket-Protocol", $"realtime, openai-insecure-api-key.{credential}"));
            Assert.Equal(System.Net.HttpStatusCode.SwitchingProtocols, answer.StatusCode);
            // What is said then is the same as to who names its credential in a header.
            await using var socket = await answer.Content.ReadAsStreamAsync();
            var said = new byte[64];
            var length = await socket.ReadAtLeastAsync(said, said.Length, throwOnEndOfStream: false).AsTask().WaitAsync(TimeSpan.FromSeconds(15));
            return Convert.ToHexString(said, 0, length);
        }

        await using var client = await EnterAsync(surface, credential, address, surface == "livestyler" ? RefusedWorld.Filtered : RefusedWorld.Spoken);
        var farewell = await client.FarewellAsync();
        return $"{farewell.Code} {farewell.Reason} {string.Join(' ', client.All.Select(heard => heard.Text))}";
    }

    private async Task<StreamClient> EnterAsync(string surface, string credential, (string Name, string Value) address, string model)
    {
        if (surface == "livestyler")
        {
            var leg = new Uri(new UriBuilder(world.Gateway.Address) { Scheme = "ws" }.Uri, $"/client?model={model}");
            var client = await StreamClient.ConnectAsync(leg, reads: true, address);
            await client.SendAsync(LiveStylerClient.Credential(credential));
            return client;
        }

        return await StreamClient.ConnectAsync(world.Address($"model={model}"), reads: true, address, ("Authorization", $"Bearer {credential}"));
    }

    /// <summary>How many sessions of the tenant were claimed.</summary>
    private async Task RowsAsync(Reseller tenant, int rows)
    {
        using var http = world.Http(tenant.Key);
        var ended = string.Join(' ', Enumerable.Repeat("ended", rows));
        await Eventually.SeesAsync(
            $"{rows} of the tenant's attempts were claimed and are over", async () => string.Join(' ',
                JsonElement.Parse(await http.GetByteArrayAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray().Select(one => one.GetProperty("phase").GetString())),
            phases => phases == ended);
    }
}
