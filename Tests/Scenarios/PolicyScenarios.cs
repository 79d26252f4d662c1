using System.Net.WebSockets;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>What a policy does to the frames of a session, and what it leaves alone.</summary>
public class PolicyScenarios(PolicyWorld world) : IClassFixture<PolicyWorld>
{
    private const string Jpeg = "/9j/4AAQSkZJRgABAQAAAQ==";

    private const string Rules = """
        {"client":{"denied":["set_passthrough"]},"texts":[{"maxCharacters":5}],"images":[{"maxBytes":64,"formats":["png"]}],
         "rates":[{"type":"ice-candidate","count":1,"perMs":3600000}],"locked":[{"type":"configure","path":"settings.fps"}],"mode":"MODE"}
        """;

    private static readonly int[] Lengths = [1, 3, 20, 21];

    /// <summary>What a client says, and what it hears; null for the frame itself, which the provider sends back.</summary>
    private static readonly (string Said, string? Heard, string? Rule)[] Play =
    [
        ("""{"type":"prompt","prompt":"short"}""", null, null),
        ("""{"type":"prompt","prompt":"\u00fcber long"}""",
            """{"type":"prompt_ack","prompt":"über long","success":false,"error":"Text not allowed: it has more than 5 characters"}""", "text_length"),
        ("""{ "prompt" : "ok" , "enhance_prompt":true,"type":"prompt"  }""", null, null),
        ($$"""{"type":"set_image","image_data":"{{Jpeg}}"}""",
            """{"type":"set_image_ack","success":false,"error":"Image not allowed: it is of another format than this session takes"}""", "image_format"),
        ("""{"type":"set_image","image_data":null}""", null, null),
        ("""{"type":"set_passthrough"}""", """{"type":"error","error":"Message not allowed: messages of this type are not for this session"}""", "type"),
        ("""{"type":"configure","settings":{"fps":60}}""", """{"type":"error","error":"Change not allowed: settings.fps is fixed for this session"}""", "locked_field"),
        ("""{"type":"configure","settings":{"size":60}}""", null, null),
        ("""{"type":"ice-candidate","candidate":null}""", null, null),
        ("""{"type":"ice-candidate","candidate":null}""", """{"type":"error","error":"Too many messages of this type, please wait a moment"}""", "rate"),
        ("""{"type":"offer","sdp":"v=0","type":"prompt"}""", """{"type":"error","error":"Message not allowed: it cannot be read"}""", "unreadable"),
        ("""{"typ\u0065":"prompt","prompt":"escaped"}""",
            """{"type":"prompt_ack","prompt":"escaped","success":false,"error":"Message not allowed: it cannot be read"}""", "unreadable"),
        ("no JSON at all", """{"type":"error","error":"Message not allowed: it cannot be read"}""", "unreadable"),
        ("""{"type":"brand_new","deep":{"type":"x"},"s":"\/\u00e9"}""", null, null),
    ];

    [Fact]
    public async Task What_goes_against_a_policy_is_answered_in_the_dialect_and_the_session_goes_on()
    {
        var tenant = await world.NewTenantAsync(Rules.Replace("MODE", "enforce", StringComparison.Ordinal));
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        var heard = await PolicyWorld.SayAsync(client, Play.Select(step => step.Said));

        foreach (var (step, text) in Play.Zip(heard))
            Assert.Equal(step.Heard ?? step.Said, text);
        await client.CloseAsync();
        var violations = await world.ViolationsAsync(tenant, client.Session!);
        Assert.Equal(Play.Select(step => step.Rule).OfType<string>(), violations.Select(one => one.GetProperty("rule").GetString()!));
        Assert.DoesNotContain("long", string.Concat(violations), StringComparison.Ordinal);
        Assert.Equal(
            """{"rule":"text_length","mode":"enforce","direction":"client","frame":"prompt","path":"prompt","limit":5,"answer":"refuse"}""", Ordered(violations[0]));
    }

    [Fact]
    public async Task A_dry_run_lets_everything_pass_and_records_what_enforcing_would()
    {
        var real = await world.NewTenantAsync(Rules.Replace("MODE", "enforce", StringComparison.Ordinal));
        var dry = await world.NewTenantAsync(Rules.Replace("MODE", "dry_run", StringComparison.Ordinal));
        await using var held = await world.ConnectAsync(real.Key, PolicyWorld.Echo);
        await using var free = await world.ConnectAsync(dry.Key, PolicyWorld.Echo);

        await PolicyWorld.SayAsync(held, Play.Select(step => step.Said));
        var heard = await PolicyWorld.SayAsync(free, Play.Select(step => step.Said));

        Assert.Equal(Play.Select(step => step.Said), heard);
        await held.CloseAsync();
        await free.CloseAsync();
        var recorded = (await world.ViolationsAsync(dry, free.Session!)).Select(Ordered).ToList();
        Assert.All(recorded, one => Assert.Contains("\"mode\":\"dry_run\"", one, StringComparison.Ordinal));
        Assert.Equal(
            (await world.ViolationsAsync(real, held.Session!)).Select(Ordered),
            recorded.Select(one => one.Replace("\"mode\":\"dry_run\"", "\"mode\":\"enforce\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Frames_that_no_rule_names_are_byte_for_byte_what_they_were_and_binary_is_not_read()
    {
        var tenant = await world.NewTenantAsync("""{"upstream":{"denied":["nothing"]}}""");
        var random = new Random(11);
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        foreach (var said in new[] { "", "{", "[1,2", """{"type":"a","type":"b"}""", "\t{\n \"z\" : 1e400 , \"type\":\"x\\u0041\" }", new string('x', 70_000) })
        {
            await client.SendAsync(said);
            Assert.Equal(said, (await client.NextAsync()).Text);
        }

        var bytes = new byte[5_000];
        random.NextBytes(bytes);
        await client.SendAsync(WebSocketMessageType.Binary, bytes);
        Assert.Equal(bytes, (await client.NextAsync()).Bytes);
    }

    [Fact]
    public async Task What_is_set_above_binds_and_a_trial_below_lifts_nothing()
    {
        var root = await world.NewTenantAsync("""{"texts":[{"maxCharacters":8}]}""");
        var tenant = await world.NewTenantAsync("""{"mode":"dry_run","texts":[{"maxCharacters":4}],"client":{"denied":["offer"]}}""", root.Id);
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        var heard = await PolicyWorld.SayAsync(client, [Prompt("1234"), Prompt("12345678"), Prompt("123456789"), """{"type":"offer","sdp":""}"""]);

        Assert.Equal(["prompt", "prompt", "prompt_ack", "offer"], heard.Select(text => JsonElement.Parse(text).GetProperty("type").GetString()));
        await client.CloseAsync();
        var told = (await world.ViolationsAsync(tenant, client.Session!))
            .Select(one => $"{one.GetProperty("rule")} {one.GetProperty("mode")} {(one.TryGetProperty("limit", out var limit) ? limit.GetInt32() : 0)}");
        Assert.Equal(["text_length dry_run 4", "text_length dry_run 4", "text_length enforce 8", "type dry_run 0"], told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_the_provider_may_not_say_is_kept_from_the_client_and_counts_all_the_same()
    {
        var tenant = await world.NewTenantAsync("""{"upstream":{"denied":["generation_tick","status"]}}""");
        world.Provider.Play("test-policy-quiet", Script.Begin.SendSessionId().Status("Ready").GenerationStarted().Tick(1).Tick(2).GenerationEnded("disconnect").Close(1000));
        await using var client = await world.ConnectAsync(tenant.Key, "test-policy-quiet");

        await client.FarewellAsync();

        Assert.Equal(["session_id", "generation_started", "generation_ended"], client.All.Select(heard => heard.Type));
        var violations = await world.ViolationsAsync(tenant, client.Session!);
        Assert.Equal(["status", "generation_tick", "generation_tick"], violations.Select(one => one.GetProperty("frame").GetString()!));
        Assert.All(violations, one => Assert.Equal("upstream withhold", $"{one.GetProperty("direction")} {one.GetProperty("answer")}"));
        Assert.Equal(2m, (await world.SessionAsync(tenant, client.Session!)).GetProperty("seconds").GetDecimal());
    }

    [Fact]
    public async Task A_client_that_does_nothing_else_fills_no_timeline()
    {
        var tenant = await world.NewTenantAsync("""{"client":{"allowed":["offer"]}}""");
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        for (var i = 0; i < 2_000; i++)
            await client.SendAsync(Prompt("again"));
        for (var i = 0; i < 2_000; i++)
            Assert.Equal("prompt_ack", (await client.NextAsync()).Type);
        await client.CloseAsync();

        var violations = await world.ViolationsAsync(tenant, client.Session!);
        Assert.InRange(violations.Count, 50, 120);
        Assert.Equal(2_000, violations.Sum(one => 1 + (one.TryGetProperty("more", out var more) ? more.GetInt32() : 0)));
    }

    [Fact]
    public async Task A_token_is_held_to_the_policy_that_it_names_or_carries()
    {
        var root = await world.NewTenantAsync();
        using var set = await world.PutAsync(root, root, """{"policy":{"texts":[{"maxCharacters":20}]},"named":[{"name":"kids","policy":{"texts":[{"maxCharacters":3}]}}]}""");
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync());
        var tenant = await world.NewTenantAsync(root.Id);
        var (plain, kids, own) = (
            await world.MintAsync(tenant.Key), await world.MintAsync(tenant.Key, new { policy = "kids" }),
            await world.MintAsync(tenant.Key, new { policy = new { texts = new[] { new { maxCharacters = 1 } } } }));

        Assert.Equal("1 3 20", await PassesAsync(plain));
        Assert.Equal("1 3", await PassesAsync(kids));
        Assert.Equal("1", await PassesAsync(own));

        // Without the name the token would be held to less than it was made for.
        using var cleared = await world.PutAsync(root, root, """{"policy":null}""");
        await using var refused = await world.ConnectAsync(kids, PolicyWorld.Echo);
        Assert.Equal((4413, "error"), ((await refused.FarewellAsync()).Code, refused.All[0].Type));

        async Task<string> PassesAsync(string token)
        {
            await using var client = await world.ConnectAsync(token, PolicyWorld.Echo);
            var heard = await PolicyWorld.SayAsync(client, Lengths.Select(length => Prompt(new string('x', length))));
            return string.Join(' ', Lengths.Where((_, i) => !heard[i].Contains("prompt_ack", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_session_behind_a_link_is_held_to_its_policy_too()
    {
        var gateway = await world.StartGatewayAsync(("Relay:Linked", "true"));
        var tenant = await world.NewTenantAsync("""{"texts":[{"maxCharacters":3}]}""");
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo, gateway);

        var heard = await PolicyWorld.SayAsync(client, [Prompt("abc"), Prompt("abcd"), Prompt("abc")]);

        Assert.Equal(["prompt", "prompt_ack", "prompt"], heard.Select(text => JsonElement.Parse(text).GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Another_process_holds_sessions_to_a_change_within_two_seconds()
    {
        var gateway = await world.StartGatewayAsync();
        var tenant = await world.NewTenantAsync("""{"texts":[{"maxCharacters":3}]}""");
        Assert.False(await PassesAsync());

        using var changed = await world.PutAsync(tenant, tenant, """{"policy":{"texts":[{"maxCharacters":4}]}}""");

        await Eventually.IsAsync("the other process knows the change", PassesAsync, TimeSpan.FromSeconds(6));

        async Task<bool> PassesAsync()
        {
            await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo, gateway);
            return !(await PolicyWorld.SayAsync(client, [Prompt("abcd")]))[0].Contains("prompt_ack", StringComparison.Ordinal);
        }
    }

    private static string Prompt(string text) => $$"""{"type":"prompt","prompt":"{{text}}"}""";

    /// <summary>As it was written: the database keeps members in an order of its own.</summary>
    private static string Ordered(JsonElement detail)
    {
        string[] order = ["rule", "mode", "direction", "frame", "path", "limit", "answer", "more"];
        var members = order.Where(name => detail.TryGetProperty(name, out _)).Select(name => $"\"{name}\":{detail.GetProperty(name).GetRawText()}");
        return $"{{{string.Join(',', members)}}}";
    }
}
