using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The document of a tenant's policies: who sets it, on which version, and what of it is shown.</summary>
public class PolicyDocumentScenarios(PolicyWorld world) : IClassFixture<PolicyWorld>
{
    private const string Secret = "webhook-secret-of-this-test";

    public static TheoryData<string, string> Invalid => new()
    {
        { "policy.texts[0].maxCharacters",        """{"policy":{"texts":[{"maxCharacters":-1}]}}""" },
        { "policy.texts[0].maxCharacters",        """{"policy":{"texts":[{"maxCharacters":"5"}]}}""" },
        { "policy.client.alowed",                 """{"policy":{"client":{"alowed":["x"]}}}""" },
        { "policy.mode",                          """{"policy":{"mode":"off"}}""" },
        { "policy.mode",                          """{"policy":{"mode":1}}""" },
        { "policy.images[0].formats[0]",          """{"policy":{"images":[{"formats":["tiff"]}]}}""" },
        { "policy.moderation.webhook",            $$$"""{"policy":{"moderation":{"webhook":"ftp://judge.example","secret":"{{{Secret}}}"} } }""" },
        { "policy.moderation.secret",             """{"policy":{"moderation":{"webhook":"http://judge.example"}}}""" },
        { "policy.moderation.secret",             """{"policy":{"moderation":{"webhook":"http://judge.example","secret":"short"}}}""" },
        { "named[0].name",                        """{"named":[{"name":"No Name","policy":{}}]}""" },
        { "named[1].policy",                      """{"named":[{"name":"a","policy":{}},{"name":"b"}]}""" },
        { "named[0].policy.rates[0].type",        """{"named":[{"name":"a","policy":{"rates":[{"type":"","count":1,"perMs":1000}]}}]}""" },
        { "named",                                """{"named":[{"name":"a","policy":{}},{"name":"a","policy":{}}]}""" },
        { "body",                                 "[]" },
    };

    [Theory, MemberData(nameof(Invalid))]
    public async Task What_makes_no_sense_is_named(string member, string body)
    {
        using var answer = await world.SendAsync(world.Someone, HttpMethod.Put, world.Someone, body, ("If-None-Match", "*"));

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
        Assert.True(JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors").TryGetProperty(member, out _), await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Policies_are_read_replaced_and_cleared_by_their_version()
    {
        var tenant = await world.NewTenantAsync();
        var none = await world.PoliciesAsync(tenant, tenant);
        Assert.Equal(("\"none\"", JsonValueKind.Null), (none.ETag, none.Body.GetProperty("policy").ValueKind));

        using var first = await world.SendAsync(tenant, HttpMethod.Put, tenant, """{"policy":{"texts":[{"maxCharacters":5}]}}""", ("If-None-Match", "*"));
        using var late = await world.SendAsync(tenant, HttpMethod.Put, tenant, """{"policy":{}}""", ("If-Match", none.ETag));
        using var bare = await world.SendAsync(tenant, HttpMethod.Put, tenant, """{"policy":{}}""");
        var standing = await world.PoliciesAsync(tenant, tenant);
        using var cleared = await world.SendAsync(tenant, HttpMethod.Delete, tenant, body: null, ("If-Match", standing.ETag));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent), (first.StatusCode, cleared.StatusCode));
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionFailed, "condition_failed", late);
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionRequired, "condition_required", bare);
        Assert.Equal(5, standing.Body.GetProperty("enforced").GetProperty("rules").GetProperty("texts")[0].GetProperty("maxCharacters").GetInt32());
        Assert.Equal(["policy_set", "policy_cleared"], await world.Database.ListAsync<string>(
            "SELECT action FROM audit WHERE tenant_id = $1 AND action LIKE 'policy%' ORDER BY id", tenant.Id.Value));
    }

    [Fact]
    public async Task What_one_above_has_set_is_not_changed_from_below_and_strangers_see_nothing()
    {
        var root = await world.NewTenantAsync();
        var (tenant, stranger) = (await world.NewTenantAsync(root.Id), await world.NewTenantAsync());
        using var set = await world.PutAsync(root, tenant, """{"policy":{"client":{"denied":["set_image"]}}}""");
        Assert.True(set.IsSuccessStatusCode);

        using var undone = await world.PutAsync(tenant, tenant, """{"policy":{}}""");
        using var strange = await world.SendAsync(stranger, HttpMethod.Get, tenant, body: null);

        await RawHttp.AssertProblemAsync(HttpStatusCode.Forbidden, "set_above", undone);
        await RawHttp.AssertProblemAsync(HttpStatusCode.NotFound, "tenant_not_found", strange);
        Assert.True((await world.PoliciesAsync(tenant, tenant)).Body.GetProperty("setAbove").GetBoolean());
    }

    [Fact]
    public async Task A_webhooks_secret_is_shown_to_nobody_and_kept_where_none_is_said()
    {
        var tenant = await world.NewTenantAsync();
        using var set = await world.PutAsync(tenant, tenant, $$"""{"policy":{"moderation":{"webhook":"http://127.0.0.1:9/judge","secret":"{{Secret}}"} } }""");
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync());
        var before = await StoredAsync();

        using var again = await world.PutAsync(tenant, tenant, """{"policy":{"moderation":{"webhook":"http://127.0.0.1:9/judge","timeoutMs":500}}}""");
        using var elsewhere = await world.PutAsync(tenant, tenant, """{"policy":{"moderation":{"webhook":"http://127.0.0.1:9/other"}}}""");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity), (again.StatusCode, elsewhere.StatusCode));
        Assert.Equal(before, await StoredAsync());
        Assert.NotEqual(Secret, before);
        string[] all = [await set.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync(), world.Gateway.Output, .. await RowsAsync()];
        foreach (var told in all)
            Assert.DoesNotContain(Secret, told, StringComparison.Ordinal);
        Assert.DoesNotContain(before, await set.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        async Task<string> StoredAsync() => await world.Database.ReadAsync<string>(
            "SELECT body #>> '{policies,policy,moderation,secret}' FROM grain_document WHERE kind = 'tenant_policy' AND key = $1", tenant.Id.ToString()) ?? "";

        async Task<IReadOnlyList<string>> RowsAsync() => await world.Database.ListAsync<string>(
            "SELECT detail::text FROM audit WHERE tenant_id = $1 UNION ALL SELECT body::text FROM grain_document WHERE key = $2", tenant.Id.Value, tenant.Id.ToString());
    }

    [Fact]
    public async Task A_token_is_not_minted_for_a_policy_that_is_not_there_or_makes_no_sense()
    {
        var tenant = await world.NewTenantAsync();

        foreach (var (policy, member) in new (object, string)[]
                 {
                     ("nobody", "policy"), ("No Name", "policy"), (7, "policy"), (new { texts = "x" }, "policy.texts"), (new { tests = 1 }, "policy.tests"),
                     (new { client = new { denied = Enumerable.Repeat(new string('x', 60), 40) } }, "policy"),
                     (new { moderation = new { webhook = "https://judge.example", secret = Secret } }, "policy.moderation"),
                 })
        {
            using var http = world.Http(tenant.Key);
            using var answer = await http.PostAsJsonAsync("/v1/client/tokens", new { policy });
            await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
            Assert.True(JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors").TryGetProperty(member, out _),
                await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Garbage_in_the_table_opens_no_session()
    {
        var tenant = await world.NewTenantAsync();
        await world.Database.ExecuteAsync(
            """INSERT INTO grain_document (kind, key, body) VALUES ('tenant_policy', $1, '{"policies":{"named":5}}')""", tenant.Id.ToString());

        await using var client = await world.ConnectAsync(tenant.Key, PolicyWorld.Echo);

        Assert.Equal(1011, (await client.FarewellAsync()).Code);
    }
}
