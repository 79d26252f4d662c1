using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>Settings of client tokens: who makes them, on which version, and what they do to tokens.</summary>
public class SettingsScenarios(AccessWorld world) : IClassFixture<AccessWorld>
{
    private const string First = "\"none\"";
    private static readonly string[] Shop = ["https://shop.example"];
    private static readonly string[] Evil = ["https://evil.example"];
    private static readonly string[] Served = ["sim-idle", "sim-demo"];
    private static readonly string[] Mirage = ["mirage"];

    public static TheoryData<string, string> Invalid => new()
    {
        { "defaultExpiresIn",          """{"defaultExpiresIn":0}""" },
        { "largestExpiresIn",          """{"largestExpiresIn":3601}""" },
        { "largestExpiresIn",          """{"largestExpiresIn":"60"}""" },
        { "defaultExpiresIn",          """{"defaultExpiresIn":61,"largestExpiresIn":60}""" },
        { "largestMaxSessionDuration", """{"largestMaxSessionDuration":9}""" },
        { "defaultMaxSessionDuration", """{"defaultMaxSessionDuration":31,"largestMaxSessionDuration":30}""" },
        { "allowedModels",             """{"allowedModels":"mirage"}""" },
        { "allowedModels",             """{"allowedModels":[""]}""" },
        { "allowedModels",             $$"""{"allowedModels":[{{string.Join(',', Enumerable.Repeat("\"m\"", 21))}}]}""" },
        { "allowedOrigins",            """{"allowedOrigins":["ork_0123456789abcdefghij"]}""" },
        { "allowedOrigins",            """{"allowedOrigins":["a\nb"]}""" },
        { "largestExpiresin",          """{"largestExpiresin":60}""" },
        { "body",                      "[]" },
    };

    [Fact]
    public async Task Settings_are_read_and_replaced_by_their_version()
    {
        var tenant = await world.NewTenantAsync();
        var before = await GetAsync(tenant, tenant);
        Assert.Equal(First, before.ETag);
        Assert.Equal(JsonValueKind.Null, before.Body.GetProperty("settings").ValueKind);
        Assert.Equal(60, before.Body.GetProperty("effective").GetProperty("defaultExpiresIn").GetInt32());

        using var first = await PutAsync(tenant, tenant, new { largestExpiresIn = 300, allowedOrigins = Shop }, First);
        var standing = await GetAsync(tenant, tenant);
        using var second = await PutAsync(tenant, tenant, new { largestExpiresIn = 200 }, standing.ETag);
        using var late = await PutAsync(tenant, tenant, new { largestExpiresIn = 100 }, standing.ETag);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(standing.ETag, first.Headers.ETag!.ToString());
        Assert.Equal((300, "https://shop.example"), (
            standing.Body.GetProperty("settings").GetProperty("largestExpiresIn").GetInt32(),
            standing.Body.GetProperty("settings").GetProperty("allowedOrigins")[0].GetString()));
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionFailed, "condition_failed", late);
        var after = await GetAsync(tenant, tenant);
        Assert.Equal(second.Headers.ETag!.ToString(), after.ETag);
        Assert.Equal(200, after.Body.GetProperty("settings").GetProperty("largestExpiresIn").GetInt32());
        Assert.Equal(JsonValueKind.Null, after.Body.GetProperty("settings").GetProperty("allowedOrigins").ValueKind);
        Assert.Equal([$"key:{tenant.KeyId:N} 00:05:00", $"key:{tenant.KeyId:N} 00:03:20"], await world.Database.ListAsync<string>(
            "SELECT actor || ' ' || (detail #>> '{settings,largestExpiresIn}') FROM audit WHERE tenant_id = $1 AND action = 'settings_set' ORDER BY id", tenant.Id.Value));
    }

    [Fact]
    public async Task The_first_may_be_made_without_having_looked_and_cleared_ones_count_as_none()
    {
        var tenant = await world.NewTenantAsync();

        using var first = await SendAsync(tenant, HttpMethod.Put, tenant, new { defaultExpiresIn = 30 }, ("If-None-Match", "*"));
        using var again = await SendAsync(tenant, HttpMethod.Put, tenant, new { defaultExpiresIn = 40 }, ("If-None-Match", "*"));
        using var cleared = await SendAsync(tenant, HttpMethod.Delete, tenant, body: null, ("If-Match", first.Headers.ETag!.ToString()));
        using var late = await SendAsync(tenant, HttpMethod.Delete, tenant, body: null, ("If-Match", first.Headers.ETag!.ToString()));
        using var anew = await SendAsync(tenant, HttpMethod.Put, tenant, new { defaultExpiresIn = 50 }, ("If-None-Match", "*"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NoContent, HttpStatusCode.OK), (first.StatusCode, cleared.StatusCode, anew.StatusCode));
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionFailed, "condition_failed", again);
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionFailed, "condition_failed", late);
        Assert.Equal(["settings_set", "settings_cleared", "settings_set"], await world.Database.ListAsync<string>(
            "SELECT action FROM audit WHERE tenant_id = $1 AND action LIKE 'settings%' ORDER BY id", tenant.Id.Value));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("If-Match", "*")]
    [InlineData("If-Match", "none")]
    [InlineData("If-Match", "W/\"none\"")]
    [InlineData("If-Match", "\"\"")]
    [InlineData("If-Match", "\"none\", \"1\"")]
    [InlineData("If-None-Match", "\"none\"")]
    public async Task A_change_that_does_not_say_what_it_replaces_is_not_made(string? header, string? value)
    {
        (string, string)[] headers = header is null ? [] : [(header, value!)];

        using var put = await SendAsync(world.Someone, HttpMethod.Put, world.Someone, new { defaultExpiresIn = 30 }, headers);
        using var delete = await SendAsync(world.Someone, HttpMethod.Delete, world.Someone, body: null, headers);

        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionRequired, "condition_required", put);
        await RawHttp.AssertProblemAsync(HttpStatusCode.PreconditionRequired, "condition_required", delete);
    }

    [Theory, MemberData(nameof(Invalid))]
    public async Task What_makes_no_sense_is_named(string field, string body)
    {
        using var answer = await SendAsync(world.Someone, HttpMethod.Put, world.Someone, JsonElement.Parse(body), ("If-Match", First));

        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", answer);
        Assert.True(JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("errors").TryGetProperty(field, out _), await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Of_many_who_change_one_version_at_once_one_wins()
    {
        var tenant = await world.NewTenantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => PutAsync(tenant, tenant, new { defaultExpiresIn = i }, First)));

        Assert.Single(answers, answer => answer.StatusCode is HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode is HttpStatusCode.PreconditionFailed));
        Assert.Equal(1, await world.Database.ReadAsync<long>("SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'settings_set'", tenant.Id.Value));
        foreach (var answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task A_token_takes_what_is_set_and_nothing_beyond_it()
    {
        var tenant = await world.NewTenantAsync();
        using var _ = await PutAsync(tenant, tenant, new
        {
            defaultExpiresIn = 120, largestExpiresIn = 300, defaultMaxSessionDuration = 40, largestMaxSessionDuration = 50,
            allowedModels = Served, allowedOrigins = Shop,
        }, First);
        var before = TimeProvider.System.GetUtcNow();

        using var plain = await MintAsync(tenant, new { });
        using var within = await MintAsync(tenant, new { expiresIn = 300, allowedModels = Served[..1], constraints = Lasting(50) });
        using var beyond = await MintAsync(
            tenant, new { expiresIn = 301, allowedModels = Mirage, allowedOrigins = Evil, constraints = Lasting(51) });

        var minted = JsonElement.Parse(await plain.Content.ReadAsByteArrayAsync());
        Assert.InRange(minted.GetProperty("expiresAt").GetDateTimeOffset(), before.AddSeconds(119), TimeProvider.System.GetUtcNow().AddSeconds(121));
        Assert.Equal("""{"models":["sim-idle","sim-demo"],"origins":["https://shop.example"]}""", minted.GetProperty("permissions").GetRawText());
        Assert.Equal(40, minted.GetProperty("constraints").GetProperty("realtime").GetProperty("maxSessionDuration").GetInt32());
        Assert.Contains("""{"models":["sim-idle"],"origins":["https://shop.example"]}""", await within.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", beyond);
        var errors = JsonElement.Parse(await beyond.Content.ReadAsByteArrayAsync()).GetProperty("errors");
        Assert.Contains("at most 300", errors.GetProperty("expiresIn").GetString(), StringComparison.Ordinal);
        Assert.Contains("at most 50", errors.GetProperty("maxSessionDuration").GetString(), StringComparison.Ordinal);
        Assert.Contains("sim-idle, sim-demo", errors.GetProperty("allowedModels").GetString(), StringComparison.Ordinal);
        Assert.Contains("https://shop.example", errors.GetProperty("allowedOrigins").GetString(), StringComparison.Ordinal);

        // What was minted is held to it where it is used.
        await using var client = await world.ConnectAsync(minted.GetProperty("apiKey").GetString()!, "sim-idle", world.NewAddress(), ("Origin", "https://evil.example"));
        Assert.Equal((int)CloseCode.OriginNotAllowed, (await client.FarewellAsync()).Code);
    }

    [Fact]
    public async Task What_is_set_above_binds_all_below_and_is_not_undone_by_them()
    {
        var reseller = await world.NewTenantAsync();
        var customer = await world.NewTenantAsync(reseller.Id);
        var shop = await world.NewTenantAsync(customer.Id);
        using var bound = await PutAsync(reseller, reseller, new { largestExpiresIn = 100 }, First);

        // Its own settings are its own, and lift nothing.
        using var own = await PutAsync(customer, customer, new { defaultExpiresIn = 200, largestExpiresIn = 600 }, First);
        await UntilAsync(shop, "largestExpiresIn", 100);
        using var beyond = await MintAsync(shop, new { expiresIn = 101 });
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        await RawHttp.AssertProblemAsync(HttpStatusCode.UnprocessableEntity, "validation_failed", beyond);
        Assert.Equal(100, (await GetAsync(shop, shop)).Body.GetProperty("effective").GetProperty("defaultExpiresIn").GetInt32());

        // What one above sets for it, it does not change, until it is cleared from there.
        var standing = await GetAsync(reseller, customer);
        using var imposed = await PutAsync(reseller, customer, new { largestExpiresIn = 50 }, standing.ETag);
        var (seen, seenAbove) = (await GetAsync(customer, customer), await GetAsync(reseller, customer));
        Assert.Equal((true, false), (seen.Body.GetProperty("setAbove").GetBoolean(), seenAbove.Body.GetProperty("setAbove").GetBoolean()));
        using var undone = await PutAsync(customer, customer, new { largestExpiresIn = 600 }, seen.ETag);
        using var cleared = await SendAsync(customer, HttpMethod.Delete, customer, body: null, ("If-Match", seen.ETag));
        await RawHttp.AssertProblemAsync(HttpStatusCode.Forbidden, "set_above", undone);
        await RawHttp.AssertProblemAsync(HttpStatusCode.Forbidden, "set_above", cleared);

        using var released = await SendAsync(reseller, HttpMethod.Delete, customer, body: null, ("If-Match", seen.ETag));
        using var again = await PutAsync(customer, customer, new { largestExpiresIn = 70 }, (await GetAsync(customer, customer)).ETag);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK), (released.StatusCode, again.StatusCode));
    }

    [Fact]
    public async Task Another_gateway_keeps_to_a_change_as_soon_as_its_copy_is_old()
    {
        var gateway = await world.StartGatewayAsync();
        var tenant = await world.NewTenantAsync();
        using var first = await PutAsync(tenant, tenant, new { largestExpiresIn = 100 }, First);
        using var there = world.Http(tenant.Key, gateway);

        // A version that the other gateway told is one that this gateway knows.
        await Eventually.IsAsync("the other gateway holds tokens to the first ceiling", async () => await StatusAsync(200) is HttpStatusCode.UnprocessableEntity);
        using var request = Request(HttpMethod.Put, tenant, new { largestExpiresIn = 300 }, ("If-Match", first.Headers.ETag!.ToString()));
        using var second = await there.SendAsync(request);
        using var third = await PutAsync(tenant, tenant, new { largestExpiresIn = 400 }, second.Headers.ETag!.ToString());

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (second.StatusCode, third.StatusCode));
        await Eventually.IsAsync("the other gateway lets tokens last longer", async () => await StatusAsync(400) is HttpStatusCode.OK);

        async Task<HttpStatusCode> StatusAsync(int expiresIn)
        {
            using var answer = await there.PostAsJsonAsync("/v1/client/tokens", new { expiresIn });
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Garbage_in_the_table_is_an_error_of_ours_and_mints_nothing()
    {
        var tenant = await world.NewTenantAsync();
        await world.Database.ExecuteAsync(
            """INSERT INTO grain_document (kind, key, body) VALUES ('tenant_settings', $1, '{"settings":{"largestExpiresIn":5}}')""", tenant.Id.ToString());

        using var minted = await MintAsync(tenant, new { });

        await RawHttp.AssertProblemAsync(HttpStatusCode.InternalServerError, "internal_error", minted);
        await Eventually.IsAsync("the log names it", () => Task.FromResult(world.Gateway.Output.Contains($"Key = {tenant.Id}", StringComparison.Ordinal)));
    }

    /// <summary>Waits until a ceiling that somebody above set is seen.</summary>
    private Task<string> UntilAsync(Reseller tenant, string ceiling, int seconds) => Eventually.SeesAsync(
        $"{ceiling} is {seconds}", async () => (await GetAsync(tenant, tenant)).Body.GetProperty("effective").GetProperty(ceiling).GetRawText(), seen => seen == $"{seconds}");

    private static object Lasting(int seconds) => new { realtime = new { maxSessionDuration = seconds } };

    private async Task<(string ETag, JsonElement Body)> GetAsync(Reseller who, Reseller about)
    {
        using var answer = await SendAsync(who, HttpMethod.Get, about, body: null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (answer.Headers.ETag!.ToString(), JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()));
    }

    private Task<HttpResponseMessage> PutAsync(Reseller who, Reseller about, object body, string etag) => SendAsync(who, HttpMethod.Put, about, body, ("If-Match", etag));

    private async Task<HttpResponseMessage> SendAsync(Reseller who, HttpMethod method, Reseller about, object? body, params (string Name, string Value)[] headers)
    {
        using var http = world.Http(who.Key);
        using var request = Request(method, about, body, headers);
        return await http.SendAsync(request);
    }

    private async Task<HttpResponseMessage> MintAsync(Reseller tenant, object body)
    {
        using var http = world.Http(tenant.Key);
        return await http.PostAsJsonAsync("/v1/client/tokens", body);
    }

    private static HttpRequestMessage Request(HttpMethod method, Reseller about, object? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, $"/v1/tenants/{about.Id}/settings") { Content = body is null ? null : JsonContent.Create(body) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
