using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A reseller runs its tree by the API alone, and what it does reaches running sessions on every gateway.</summary>
public class ResellerScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    /// <summary>The promise is a second; what is more is for a machine that does other things beside.</summary>
    private static readonly TimeSpan About = TimeSpan.FromSeconds(3);

    private static readonly int[] Thresholds = [500_000];

    private const string Live = "test-suspension";

    [Fact]
    public async Task Suspending_a_node_ends_what_runs_below_it_on_every_gateway_and_siblings_live_on()
    {
        var second = await world.StartGatewayAsync();
        world.Provider.Play(Live, Script.Begin.SendSessionId().GenerationStarted().TicksForever(TimeSpan.FromMilliseconds(200), from: 0.2m, step: 0.2m));
        var root = await world.NewTenantAsync();
        var (node, sibling) = (await world.NewTenantAsync(root.Id), await world.NewTenantAsync(root.Id));
        var (leaf, nephew) = (await world.NewTenantAsync(node.Id), await world.NewTenantAsync(sibling.Id));
        var ending = new List<StreamClient>();
        var living = new List<StreamClient>();
        foreach (var gateway in new[] { world.Gateway, second })
        {
            foreach (var below in new[] { node, leaf })
                ending.Add(await GeneratingAsync(below, gateway));
            foreach (var beside in new[] { root, sibling, nephew })
                living.Add(await GeneratingAsync(beside, gateway));
        }

        using var http = world.Http(root.Key);
        var since = TimeProvider.System.GetTimestamp();
        using var suspended = await http.PostAsync($"/v1/tenants/{node.Id}/suspend", content: null);
        var farewells = await Task.WhenAll(ending.Select(client => client.FarewellAsync()));
        var took = TimeProvider.System.GetElapsedTime(since);

        Assert.Equal(HttpStatusCode.OK, suspended.StatusCode);
        Assert.All(farewells, farewell => Assert.Equal(4405, farewell.Code));
        Assert.InRange(took, TimeSpan.Zero, About);
        Assert.DoesNotContain(living, client => client.Over.IsCompleted);
        foreach (var client in living)
            await client.TicksAsync(1);
        foreach (var client in ending)
        {
            Books.AssertClosed(await Eventually.SeesAsync(
                "the books are closed", () => Books.OfAsync(world.Database, client.Session!), book => book.CloseCode == 4405));
        }

        using var resumed = await http.PostAsync($"/v1/tenants/{node.Id}/resume", content: null);
        await Eventually.IsAsync("the leaf is let in again", async () =>
        {
            using var leafs = world.Http(leaf.Key, second);
            return (await leafs.GetAsync("/v1/sessions")).IsSuccessStatusCode;
        });
        foreach (var client in ending.Concat(living))
            await client.DisposeAsync();
    }

    [Fact]
    public async Task A_reseller_grows_its_tree_prices_it_and_fills_its_wallet()
    {
        var reseller = await world.NewTenantAsync();
        using var http = world.Http(reseller.Key);

        var tenant = (await CreatedAsync(http, "/v1/tenants", new { name = "a customer", maxSessions = 5 })).GetProperty("id").GetString();
        var key = await CreatedAsync(http, $"/v1/tenants/{tenant}/keys", new { name = "first" });
        var price = await CreatedAsync(http, $"/v1/tenants/{tenant}/prices", new { microsPerSecond = 12_345.5m, rounding = "floor", stepSeconds = 30, minimumSeconds = 60 });
        using var put = await http.PutAsJsonAsync($"/v1/tenants/{tenant}/wallet", new { creditLimitMicros = 0, thresholds = Thresholds });
        var entry = await PostEntryAsync(http, tenant!, "order 1", new { kind = "top_up", micros = 2_000_000, reason = "paid" });
        using var patched = await http.PatchAsJsonAsync($"/v1/tenants/{tenant}", new { maxSessions = (int?)null, maxSessionSeconds = 90 });

        using var customer = world.Http(key.GetProperty("key").GetString()!);
        var seen = JsonElement.Parse(await customer.GetByteArrayAsync($"/v1/tenants/{tenant}"));
        var wallet = JsonElement.Parse(await customer.GetByteArrayAsync($"/v1/tenants/{tenant}/wallet"));
        var prices = JsonElement.Parse(await customer.GetByteArrayAsync($"/v1/tenants/{tenant}/prices")).GetProperty("items");
        var events = JsonElement.Parse(await customer.GetByteArrayAsync($"/v1/tenants/{tenant}/wallet/events")).GetProperty("items");
        Assert.True(put.IsSuccessStatusCode && patched.IsSuccessStatusCode);
        Assert.Equal((JsonValueKind.Null, 90), (seen.GetProperty("maxSessions").ValueKind, seen.GetProperty("maxSessionSeconds").GetInt32()));
        Assert.Equal((2_000_000, 0, "2.00 USD"), (
            wallet.GetProperty("available").GetProperty("micros").GetInt64(), wallet.GetProperty("debt").GetProperty("micros").GetInt64(),
            wallet.GetProperty("granted").GetProperty("text").GetString()));
        Assert.Equal(price.ToString(), Assert.Single(prices.EnumerateArray()).ToString());
        Assert.Equal(
            "Each run is rounded down once to steps of 30 s when it ends, and is at least 60 s; until then only full steps count.",
            price.GetProperty("rounding").GetProperty("text").GetString());
        Assert.Equal(500_000, Assert.Single(events.EnumerateArray()).GetProperty("detail").GetProperty("threshold_micros").GetInt64());
        Assert.StartsWith("key:", entry.GetProperty("actor").GetString(), StringComparison.Ordinal);

        using var revoked = await http.DeleteAsync($"/v1/tenants/{tenant}/keys/{key.GetProperty("id").GetString()}");
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        await world.UntilRefusedAsync(key.GetProperty("key").GetString()!);
        Assert.Equal(
            ["tenant_added", "key_added", "price_set", "wallet_set", "wallet_entry_posted", "limit_set", "limit_set", "key_revoked"],
            await world.Database.ListAsync<string>("SELECT action FROM audit WHERE tenant_id = $1 ORDER BY id", Guid.Parse(tenant!)));
        Assert.Equal([$"key:{reseller.KeyId:N}"], await world.Database.ListAsync<string>("SELECT DISTINCT actor FROM audit WHERE tenant_id = $1", Guid.Parse(tenant!)));
    }

    [Fact]
    public async Task The_same_entry_twice_is_the_same_answer_and_another_one_under_its_key_a_conflict()
    {
        var reseller = await world.NewTenantAsync();
        var customer = await world.NewTenantAsync(reseller.Id);
        using var http = world.Http(reseller.Key);
        using var put = await http.PutAsJsonAsync($"/v1/tenants/{customer.Id}/wallet", new { creditLimitMicros = (long?)null });
        var body = new { kind = "credit", micros = 5, reason = "sorry" };

        var first = await PostEntryAsync(http, customer.Id.ToString(), "a key", body);
        var again = await PostEntryAsync(http, customer.Id.ToString(), "a key", body);
        using var other = await SendEntryAsync(http, customer.Id.ToString(), "a key", new { kind = "credit", micros = 6, reason = "sorry" });
        using var none = await SendEntryAsync(http, customer.Id.ToString(), key: null, body);

        Assert.Equal(first.ToString(), again.ToString());
        await RawHttp.AssertProblemAsync(HttpStatusCode.Conflict, "idempotency_key_reused", other);
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", none);
        Assert.Equal(5, JsonElement.Parse(await http.GetByteArrayAsync($"/v1/tenants/{customer.Id}/wallet")).GetProperty("granted").GetProperty("micros").GetInt64());
    }

    public static TheoryData<string, string, string, string> Wrong => new()
    {
        // method and path            body                                                                                     field
        { "POST",  "",                """{}""",                                                                                "name" },
        { "POST",  "",                """{"name":"a\nb"}""",                                                                   "name" },
        { "POST",  "",                """{"name":"x","parent":"y"}""",                                                         "parent" },
        { "POST",  "",                """{"name":"x","maxSessions":-1}""",                                                     "maxSessions" },
        { "POST",  "",                """{"name":"x","colour":1}""",                                                           "colour" },
        { "POST",  "",                """[1]""",                                                                               "body" },
        { "POST",  "",                """{"name":"\ud800"}""",                                                                 "name" },
        { "POST",  "",                """{"name":"ork_0123456789abcdefghij"}""",                                               "name" },
        { "PATCH", "/{id}",           """{"maxSessionSeconds":0}""",                                                           "maxSessionSeconds" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":-1}""",                                                            "microsPerSecond" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":0.0000001}""",                                                     "microsPerSecond" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":1e300}""",                                                         "microsPerSecond" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":1,"rounding":"round"}""",                                          "rounding" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":1,"stepSeconds":0}""",                                             "stepSeconds" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":1,"validFrom":"2020-01-01T00:00:00Z"}""",                          "validFrom" },
        { "POST",  "/{id}/prices",    """{"microsPerSecond":1,"validFrom":"soon"}""",                                          "validFrom" },
        { "PUT",   "/{id}/wallet",    """{}""",                                                                                "creditLimitMicros" },
        { "PUT",   "/{id}/wallet",    """{"creditLimitMicros":0,"thresholds":[1,1]}""",                                        "thresholds" },
        { "POST",  "/{id}/wallet/entries", """{"kind":"correction","micros":1,"reason":"x"}""",                                "kind" },
        { "POST",  "/{id}/wallet/entries", """{"kind":"top_up","micros":-1,"reason":"x"}""",                                   "micros" },
        { "POST",  "/{id}/wallet/entries", """{"kind":"adjustment","micros":0,"reason":"x"}""",                                "micros" },
        { "POST",  "/{id}/wallet/entries", """{"kind":"top_up","micros":1}""",                                                 "reason" },
        { "GET",   "?limit=0",        "",                                                                                      "limit" },
        { "POST",  "/{id}/token-prices", """{"textIn":1,"audioIn":1,"imageIn":1,"textOut":1}""",                               "audioOut" },
        { "POST",  "/{id}/token-prices", """{"textIn":-1,"audioIn":1,"imageIn":1,"textOut":1,"audioOut":1}""",                 "textIn" },
        { "POST",  "/{id}/token-prices", """{"textIn":1,"audioIn":1,"imageIn":1,"textOut":1,"audioOut":1000000000001}""",      "audioOut" },
        { "POST",  "/{id}/token-prices", """{"textIn":1,"audioIn":1,"imageIn":1,"textOut":1,"audioOut":1,"cachedTextIn":"1"}""", "cachedTextIn" },
        { "GET",   "/{id}/prices?before=0", "",                                                                                "before" },
        { "GET",   "/../usage?group_by=colour", "",                                                                            "group_by" },
        { "GET",   "/../usage?from=2026-01-01&to=2026-06-01", "",                                                              "to" },
        { "GET",   "/../usage?from=2026-01-02&to=2026-01-01", "",                                                              "to" },
        { "GET",   "/../usage?group_by=day&after=x", "",                                                                       "after" },
        { "GET",   "/../usage?format=xml", "",                                                                                 "format" },
        { "GET",   "/../invoices/preview?month=2026-13", "",                                                                   "month" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task What_is_wrong_is_told_by_field(string method, string path, string body, string field)
    {
        var customer = await CustomerAsync();
        using var http = world.Http(world.Someone.Key);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/tenants" + path.Replace("{id}", customer, StringComparison.Ordinal));
        request.Headers.Add("Idempotency-Key", "a key");
        if (body.Length > 0)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await http.SendAsync(request);

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
        Assert.True(JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors").TryGetProperty(field, out _), await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_not_read()
    {
        using var http = world.Http(world.Someone.Key);

        using var answer = await http.PostAsJsonAsync("/v1/tenants", new { name = new string('x', 20_000) });

        await RawHttp.AssertProblemAsync(HttpStatusCode.RequestEntityTooLarge, "body_too_large", answer);
    }

    [Fact]
    public async Task A_model_is_opened_only_where_every_level_has_a_price_for_it()
    {
        var root = await world.Admin.AddTenantAsync("not priced", "USD");
        var customer = await world.NewTenantAsync(root);
        await using var refused = await world.ConnectAsync(customer.Key, "sim-idle", world.NewAddress());
        Assert.Equal((int)CloseCode.ModelNotPriced, (await refused.FarewellAsync()).Code);

        await world.Admin.SetPriceAsync(root, model: null, new Price(1m, Rounding.Default));

        await Eventually.IsAsync("the price is known", async () =>
        {
            await using var client = await world.ConnectAsync(customer.Key, "sim-idle", world.NewAddress());
            return client.Session is not null;
        });
    }

    private string? _customer;

    private async Task<string> CustomerAsync() => _customer ??= (await world.NewTenantAsync(world.Someone.Id)).Id.ToString();

    private async Task<StreamClient> GeneratingAsync(Reseller reseller, ChildGateway gateway)
    {
        var client = await StreamClient.ConnectAsync(world.StreamFor(reseller.Key, Live, gateway), reads: true, world.NewAddress());
        await client.ExpectAsync("generation_started");
        return client;
    }

    private static async Task<JsonElement> CreatedAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        Assert.True(answer.StatusCode is HttpStatusCode.Created, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
    }

    private static async Task<JsonElement> PostEntryAsync(HttpClient http, string tenant, string key, object body)
    {
        using var answer = await SendEntryAsync(http, tenant, key, body);
        Assert.True(answer.StatusCode is HttpStatusCode.Created, $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
    }

    private static async Task<HttpResponseMessage> SendEntryAsync(HttpClient http, string tenant, string? key, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/tenants/{tenant}/wallet/entries") { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await http.SendAsync(request);
    }
}
