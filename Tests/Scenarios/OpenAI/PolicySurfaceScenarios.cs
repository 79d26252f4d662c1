using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>A world with providers of every dialect, and clients on every surface.</summary>
public class SurfaceWorld : OpenAIWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["HttpSessions:GatherTimeout"] = "00:00:00.3",
        ["HttpSessions:AnswerTimeout"] = "00:00:08",
        ["HttpSessions:PromptTimeout"] = "00:00:03",
    };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Provider.Play("test-surface", Script.Begin.SendSessionId().Expect("offer").GenerationStarted());
        Provider.Play("test-surface-own", Script.Begin.SendSessionId().Expect("offer").GenerationStarted());
    }
}

/// <summary>
/// One engine: the same rule refuses the same thing wherever it is said, is told in each surface's own dialect, and is
/// recorded alike.
/// </summary>
public class PolicySurfaceScenarios(SurfaceWorld world) : IClassFixture<SurfaceWorld>
{
    private const string Texts = """{"texts":[{"maxCharacters":5}]}""";
    private const string Images = """{"images":[{"maxBytes":8}]}""";
    private const string Offers = """{"client":{"denied":["offer"]}}""";
    private const string Fixed = """
        {"locked":[{"type":"session.update","path":"session.instructions"},{"type":"prompt","path":"enhance_prompt"},{"type":"candidate","path":"candidate"}]}
        """;

    private const string TooLong = "Text not allowed: it has more than 5 characters";
    private const string TooLarge = "Image not allowed: it has more than 8 bytes";
    private const string NoOffers = "Message not allowed: messages of this type are not for this session";

    private static readonly string Picture = Convert.ToBase64String([0x89, .. "PNG\r\n"u8, 0x1a, 0x0a, .. new byte[8]]);

    /// <summary>A surface, what is said on it, the rule, and what is answered.</summary>
    public static TheoryData<string, string, string, string> Table => new()
    {
        // surface        said                                                            policy   answer
        { "decart",       """{"type":"prompt","prompt":"too long"}""",                     Texts,
            $$"""{"type":"prompt_ack","prompt":"too long","success":false,"error":"{{TooLong}}"}""" },
        { "decart",       """{"type":"set_image","image_data":null,"prompt":"too long"}""", Texts,
            $$"""{"type":"set_image_ack","success":false,"error":"{{TooLong}}"}""" },
        { "decart",       $$"""{"type":"set_image","image_data":"{{Picture}}"}""",         Images,  $$"""{"type":"set_image_ack","success":false,"error":"{{TooLarge}}"}""" },
        { "decart",       """{"type":"offer","sdp":"v=0"}""",                              Offers,  $$"""{"type":"error","error":"{{NoOffers}}"}""" },
        { "decart",       """{"type":"prompt","prompt":"x","enhance_prompt":false}""",     Fixed,
            """{"type":"prompt_ack","prompt":"x","success":false,"error":"Change not allowed: enhance_prompt is fixed for this session"}""" },
        { "livestyler",   """{"type":"offer","sdp":"v=0"}""",                              Offers,  $$"""{"type":"error","message":"{{NoOffers}}","error":"{{NoOffers}}"}""" },
        { "livestyler",   """{"type":"candidate","candidate":{}}""",                       Fixed,
            """{"type":"error","message":"Change not allowed: candidate is fixed for this session","error":"Change not allowed: candidate is fixed for this session"}""" },
        { "openai",       """{"type":"session.update","event_id":"c1","session":{"instructions":"too long"}}""", Texts, OpenAI(TooLong) },
        { "openai",       """{"type":"response.create","event_id":"c1","response":{"instructions":"too long"}}""", Texts, OpenAI(TooLong) },
        { "openai",       """{"type":"conversation.item.create","event_id":"c1","item":{"content":[{"text":"too long"}]}}""", Texts, OpenAI(TooLong) },
        { "openai",       $$$"""{"type":"conversation.item.create","event_id":"c1","item":{"content":[{"image_url":"{{{Picture}}}"}]}}""",
            Images, OpenAI(TooLarge) },
        { "openai",       """{"type":"session.update","event_id":"c1","session":{"instructions":"x"}}""", Fixed,
            OpenAI("Change not allowed: session.instructions is fixed for this session") },
        { "openai call",  """{"type":"realtime","instructions":"too long"}""",             Texts,   $"400 not_allowed {TooLong}" },
        { "openai call",  """{"type":"realtime","instructions":"x"}""",                    Fixed,
            "400 not_allowed Change not allowed: session.instructions is fixed for this session" },
        { "openai call",  """{"type":"realtime"}""",                                       Offers,  $"400 not_allowed {NoOffers}" },
        { "data channel", """{"type":"session.update","session":{"instructions":"too long"}}""", Texts, "reverted" },
        { "data channel", """{"type":"session.update","session":{"instructions":"x"}}""",  Fixed,   "reverted" },
        { "json",         """{"prompt":"too long"}""",                                     Texts,   $"422 not_taken {TooLong}" },
        { "json image",   $$"""{"image_data":"{{Picture}}"}""",                            Images,  $"422 not_taken {TooLarge}" },
        { "json open",    """{"prompt":"too long"}""",                                     Texts,   $"422 not_taken {TooLong}" },
        { "json open",    $$"""{"image_data":"{{Picture}}"}""",                            Images,  $"422 not_taken {TooLarge}" },
        { "json open",    "{}",                                                            Offers,  $"422 not_taken {NoOffers}" },
        { "whip",         "{}",                                                            Offers,  $"422 not_taken {NoOffers}" },
        { "whip node",    "{}",                                                            Offers,  $"422 not_taken {NoOffers}" },
    };

    [Theory, MemberData(nameof(Table))]
    public async Task The_same_rule_refuses_the_same_thing_on_every_surface(string surface, string said, string policy, string answer)
    {
        var tenant = await NewTenantAsync(policy);
        var model = surface is "openai" or "openai call" or "data channel" ? "test-voice-surface" : "test-surface";

        using (var http = world.Rest(tenant.Key))
            Assert.Equal(answer, await SayAsync(surface, tenant, http, model, said));

        var session = await OnlySessionAsync(tenant);
        using (var owner = world.Http(tenant.Key))
            (await owner.DeleteAsync($"/v1/sessions/{session}")).Dispose();
        await world.EndOfAsync(tenant, session);
        var rule = policy switch { Texts => "text_length", Images => "image_size", Offers => "type", _ => "locked_field" };
        var violation = Assert.Single(await world.TimelineAsync(tenant, session), one => one.GetProperty("kind").GetString() == "policy_violation").GetProperty("detail");
        Assert.Equal((rule, "enforce"), (violation.GetProperty("rule").GetString(), violation.GetProperty("mode").GetString()));
        Assert.DoesNotContain("too long", violation.GetRawText(), StringComparison.Ordinal);
    }

    private static string OpenAI(string words) =>
        $$$"""{"type":"error","event_id":"event_declined","error":{"type":"invalid_request_error","code":"not_allowed","message":"{{{words}}}","param":null,"event_id":"c1"}}""";

    private async Task<string> SayAsync(string surface, Reseller tenant, HttpClient http, string model, string said)
    {
        switch (surface)
        {
            case "decart":
                await using (var client = await world.ConnectAsync(tenant.Key, model, world.NewAddress()))
                    return await HearAsync(client, said, "session_id");
            case "livestyler":
                var leg = new Uri(new UriBuilder(world.Gateway.Address) { Scheme = "ws" }.Uri, "/client");
                await using (var client = await StreamClient.ConnectAsync(leg, reads: true, world.NewAddress()))
                {
                    await client.SendAsync(LiveStylerClient.Credential(tenant.Key));
                    return await HearAsync(client, said, "auth_success");
                }
            case "openai":
                await using (var client = await world.ConnectVoiceAsync(tenant.Key, model))
                    return await HearAsync(client, said, "session.created");
            case "openai call":
                using (var refused = await world.PostAsync(tenant.Key, said.Replace("\"realtime\"", $"\"realtime\",\"model\":\"{model}\"", StringComparison.Ordinal)))
                {
                    var error = JsonElement.Parse(await refused.Content.ReadAsByteArrayAsync()).GetProperty("error");
                    return $"{(int)refused.StatusCode} {error.GetProperty("code").GetString()} {error.GetProperty("message").GetString()}";
                }
            case "data channel":
                var call = await world.CallAsync(tenant.Key, model);
                await using (var sideband = await world.JoinAsync(tenant.Key, call.Id))
                {
                    await sideband.ExpectAsync("session.created");
                    Assert.Null(await call.Upstream.SayAsync(said));
                    await sideband.ExpectAsync("session.updated");
                    await sideband.ExpectAsync("session.updated");
                    return call.Upstream.Settings.Contains("\"instructions\":null", StringComparison.Ordinal) ? "reverted" : call.Upstream.Settings;
                }
            case "json" or "json image":
                using (var opened = await http.PostAsJsonAsync("/v1/sessions", new { model, sdp = HttpWorld.Offer }))
                {
                    Assert.True((int)opened.StatusCode == 201, await opened.Content.ReadAsStringAsync());
                    return await ProblemOfAsync(await http.PostAsJsonAsync($"{opened.Headers.Location}/{(surface == "json" ? "prompt" : "image")}", JsonElement.Parse(said)));
                }
            case "json open":
                var body = new Dictionary<string, object?> { ["model"] = model, ["sdp"] = HttpWorld.Offer };
                foreach (var member in JsonElement.Parse(said).EnumerateObject())
                    body[member.Name] = member.Value.GetString();
                return await ProblemOfAsync(await http.PostAsJsonAsync("/v1/sessions", body));
            default:
                return await ProblemOfAsync(await HttpWorld.WhipAsync(http, surface == "whip" ? model : "ls-waiting"));
        }
    }

    /// <summary>Says it once the provider is there.</summary>
    private static async Task<string> HearAsync(StreamClient client, string said, string first)
    {
        await client.ExpectAsync(first);
        await client.SendAsync(said);
        var heard = (await client.NextAsync()).Text;
        await client.CloseAsync();
        return heard;
    }

    private static async Task<string> ProblemOfAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            var problem = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
            return $"{(int)answer.StatusCode} {problem.GetProperty("code").GetString()} {problem.GetProperty("detail").GetString()}";
        }
    }

    private async Task<string> OnlySessionAsync(Reseller tenant)
    {
        using var http = world.Http(tenant.Key);
        var sessions = await Eventually.SeesAsync(
            "the session has its row", async () =>
                JsonElement.Parse(await http.GetByteArrayAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray().ToList(), list => list.Count > 0);
        return Assert.Single(sessions).GetProperty("id").GetString()!;
    }

    private Task<Reseller> NewTenantAsync(string policy) => OpenAIPolicyScenarios.NewTenantAsync(world, policy);
}
