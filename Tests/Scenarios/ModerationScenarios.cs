using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A tenant's webhook between its clients and the provider: good, slow, down and lying.</summary>
public class ModerationScenarios(PolicyWorld world) : IClassFixture<PolicyWorld>, IAsyncLifetime
{
    private const string Secret = "webhook-secret-of-this-test";

    private Judge _judge = null!;

    public async Task InitializeAsync() => _judge = await Judge.StartAsync();

    public async Task DisposeAsync() => await _judge.DisposeAsync();

    [Fact]
    public async Task A_webhook_says_what_passes_and_why_the_rest_does_not()
    {
        var tenant = await world.NewTenantAsync(Policy("strict"));
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);
        var image = """{"type":"set_image","image_data":"iVBORw0KGgo=","prompt":"nice"}""";

        var heard = await PolicyWorld.SayAsync(
            client, [Prompt("nice \\u00fc"), Prompt("rude"), image, """{"type":"set_image","image_data":null}""", """{"type":"offer","sdp":"rude"}"""]);

        Assert.Equal(Prompt("nice \\u00fc"), heard[0]);
        Assert.Equal("""{"type":"prompt_ack","prompt":"rude","success":false,"error":"No rude words, please"}""", heard[1]);
        Assert.Equal((image, 3), (heard[2], _judge.Asked.Count));
        var first = JsonElement.Parse(_judge.Asked.First().Body);
        Assert.Equal(
            (client.Session, tenant.Id.ToString(), PolicyWorld.Echo, "prompt", "nice ü"),
            (TextOf(first, "session"), TextOf(first, "tenant"), TextOf(first, "model"), TextOf(first, "type"), first.GetProperty("prompts")[0].GetString()));
        var third = JsonElement.Parse(_judge.Asked.Last().Body);
        Assert.Equal(("nice", "iVBORw0KGgo="), (third.GetProperty("prompts")[0].GetString(), third.GetProperty("images")[0].GetString()));
        await client.CloseAsync();
        var violation = Assert.Single(await world.ViolationsAsync(tenant, client.Session!));
        Assert.Equal(("moderation", "refuse"), (violation.GetProperty("rule").GetString(), violation.GetProperty("answer").GetString()));
        Assert.DoesNotContain("rude", violation.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_is_signed_with_the_secret_and_the_instant()
    {
        var tenant = await world.NewTenantAsync(Policy("allow"));
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);
        await PolicyWorld.SayAsync(client, [Prompt("hi")]);

        var (signature, body) = Assert.Single(_judge.Asked);

        var parts = signature.Split(',').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
        byte[] signed = [.. Encoding.ASCII.GetBytes(parts["t"] + "."), .. body];
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), signed)), parts["v1"]);
        Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["t"])), TimeProvider.System.GetUtcNow().AddSeconds(-30), TimeProvider.System.GetUtcNow().AddSeconds(1));
    }

    [Theory]
    [InlineData("never")]
    [InlineData("drip")]
    [InlineData("huge")]
    [InlineData("html")]
    [InlineData("garbage")]
    [InlineData("twice")]
    [InlineData("redirect")]
    [InlineData("cut")]
    [InlineData("broken")]
    [InlineData("down")]
    public async Task Whatever_a_webhook_does_in_place_of_an_answer_it_fails_as_its_tenant_wants(string how)
    {
        var closed = await world.NewTenantAsync(Policy(how));
        var open = await world.NewTenantAsync(Policy(how, onFailure: "open"));
        await using var refused = await world.ConnectAsync(closed.Key, PolicyWorld.Echo);
        await using var passed = await world.ConnectAsync(open.Key, PolicyWorld.Echo);

        var (no, yes) = ((await PolicyWorld.SayAsync(refused, [Prompt("hi")]))[0], (await PolicyWorld.SayAsync(passed, [Prompt("hi")]))[0]);

        Assert.Equal("""{"type":"prompt_ack","prompt":"hi","success":false,"error":"The content could not be checked, please try again later"}""", no);
        Assert.Equal(Prompt("hi"), yes);
        await refused.CloseAsync();
        await passed.CloseAsync();
        Assert.Equal("moderation_failed refuse", RuleOf(Assert.Single(await world.ViolationsAsync(closed, refused.Session!))));
        Assert.Equal("moderation_failed pass", RuleOf(Assert.Single(await world.ViolationsAsync(open, passed.Session!))));
    }

    [Fact]
    public async Task What_comes_behind_a_frame_that_is_judged_waits_and_other_sessions_do_not()
    {
        var tenant = await world.NewTenantAsync(Policy("held", timeoutMs: 10_000));
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);
        await using var other = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        await client.SendAsync(Prompt("one"));
        await client.SendAsync("""{"type":"ice-candidate","candidate":null}""");
        await Eventually.IsAsync("the webhook is asked", () => Task.FromResult(!_judge.Asked.IsEmpty));
        Assert.Equal(["""{"type":"other"}"""], await PolicyWorld.SayAsync(other, ["""{"type":"other"}"""]));
        Assert.Empty(client.All);
        _judge.Release();

        Assert.Equal((Prompt("one"), "ice-candidate"), ((await client.NextAsync()).Text, (await client.NextAsync()).Type));
    }

    [Fact]
    public async Task A_session_that_ends_while_a_frame_is_judged_does_not_wait_for_it()
    {
        var tenant = await world.NewTenantAsync(Policy("never", timeoutMs: 10_000));
        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);
        await client.SendAsync(Prompt("one"));
        await Eventually.IsAsync("the webhook is asked", () => Task.FromResult(!_judge.Asked.IsEmpty));

        using var http = world.Http(tenant.Key);
        using var ended = await http.DeleteAsync($"/v1/sessions/{client.Session}");

        Assert.Equal(4002, (await client.FarewellAsync()).Code);
    }

    [Fact]
    public async Task A_dry_run_asks_beside_and_records_what_enforcing_does()
    {
        string[] frames = [Prompt("nice"), Prompt("rude"), """{"type":"denied"}""", Prompt("rude again")];
        var real = await world.NewTenantAsync(Policy("strict", more: ""","client":{"denied":["denied"]}"""));
        var dry = await world.NewTenantAsync(Policy("strict", more: ""","mode":"dry_run","client":{"denied":["denied"]}"""));
        await using var held = await world.ConnectAsync(real.Key, PolicyWorld.Echo);
        await using var free = await world.ConnectAsync(dry.Key, PolicyWorld.Echo);

        await PolicyWorld.SayAsync(held, frames);
        Assert.Equal(frames, await PolicyWorld.SayAsync(free, frames));

        await Eventually.IsAsync("all are judged", () => Task.FromResult(_judge.Asked.Count == 6));
        await Eventually.IsAsync(
            "all is recorded", async () => (await world.TimelineAsync(dry, free.Session!)).Count(one => TextOf(one, "kind") == "policy_violation") == 3);
        await held.CloseAsync();
        await free.CloseAsync();
        Assert.Equal((await world.ViolationsAsync(real, held.Session!)).Select(RuleOf), (await world.ViolationsAsync(dry, free.Session!)).Select(RuleOf));
    }

    [Fact]
    public async Task No_more_are_asked_at_once_than_a_tenant_may_and_none_is_lost()
    {
        var gateway = await world.StartGatewayAsync(("Moderation:TenantConcurrency", "2"), ("Moderation:Concurrency", "3"));
        var tenant = await world.NewTenantAsync(Policy("held", timeoutMs: 10_000));
        var clients = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => world.ConnectAsync(tenant.Key, PolicyWorld.Echo, gateway)));

        foreach (var client in clients)
            await client.SendAsync(Prompt("one"));
        await Eventually.IsAsync("two are asked", () => Task.FromResult(_judge.Asked.Count == 2));
        _judge.Release();

        foreach (var client in clients)
        {
            Assert.Equal(Prompt("one"), (await client.NextAsync()).Text);
            await client.DisposeAsync();
        }

        Assert.Equal((6, true), (_judge.Asked.Count, _judge.Most <= 2));
    }

    private static string Prompt(string text) => $$"""{"type":"prompt","prompt":"{{text}}"}""";

    private static string? TextOf(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static string RuleOf(JsonElement violation) => $"{violation.GetProperty("rule")} {violation.GetProperty("answer")}";

    private string Policy(string how, string onFailure = "closed", int timeoutMs = 700, string more = "")
    {
        var webhook = how == "down" ? "http://127.0.0.1:9/" : _judge.At(how);
        return $$"""{"moderation":{"webhook":"{{webhook}}","secret":"{{Secret}}","timeoutMs":{{timeoutMs}},"onFailure":"{{onFailure}}"}{{more}}}""";
    }
}
