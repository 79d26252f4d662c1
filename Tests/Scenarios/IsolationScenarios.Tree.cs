using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Tests.Scenarios;

/// <content>The tree and its money: everybody sees itself and what is below, and changes what is strictly below.</content>
public partial class IsolationScenarios
{
    private static int _customers;

    public static IEnumerable<object[]> AboutATenant =>
        Endpoints.Where(endpoint => endpoint.Value == nameof(A_foreign_tenant_answers_as_an_absent_one)).Select(endpoint => endpoint.Key.Split(' ').ToArray<object>());

    /// <summary>What only a tenant above may do.</summary>
    private static readonly string[] Above =
    [
        "PATCH /v1/tenants/{id}", "POST /v1/tenants/{id}/suspend", "POST /v1/tenants/{id}/resume", "POST /v1/tenants/{id}/prices", "POST /v1/tenants/{id}/token-prices",
        "PUT /v1/tenants/{id}/wallet", "POST /v1/tenants/{id}/wallet/entries",
    ];

    [Theory, MemberData(nameof(AboutATenant))]
    public async Task A_foreign_tenant_answers_as_an_absent_one(string method, string path)
    {
        var (owner, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var (child, sibling) = (await world.NewTenantAsync(owner.Id), await world.NewTenantAsync(owner.Id));
        await new WalletStore(world.Database.Database).PutAsync(child.Id, 0, 30, [], "a test");
        await new WalletStore(world.Database.Database).PutAsync(owner.Id, 0, 30, [], "a test");
        var things = new Dictionary<Reseller, Guid> { [owner] = await ThingOfAsync(path, owner), [child] = await ThingOfAsync(path, child) };
        var before = await StateAsync();

        foreach (var (who, foreign) in new[] { (stranger, owner), (stranger, child), (child, owner), (sibling, child) })
        {
            var told = await AskAsync(who, method, PathOf(path, foreign.Id.ToString(), things[foreign]), BodyOf(method, path));
            var absent = await AskAsync(who, method, PathOf(path, Absent, things[foreign]), BodyOf(method, path));

            Assert.Equal(absent, told);
            Assert.Equal((HttpStatusCode.NotFound, "tenant_not_found"), (told.Status, JsonElement.Parse(told.Body).GetProperty("code").GetString()));
        }

        foreach (var guess in new[] { "1", "..%2f", Guid.Parse(owner.Id.ToString()).ToString(), new string('f', 3_000), "%00", "'--" })
        {
            var told = await AskAsync(stranger, method, PathOf(path, guess, things[owner]), BodyOf(method, path));
            Assert.True((int)told.Status is 400 or 404, $"{guess}: {told}");
        }

        Assert.Equal(before, await StateAsync());

        async Task<string> StateAsync() => await world.Database.ReadAsync<string>("""
            SELECT (SELECT count(*) FROM audit WHERE tenant_id = ANY ($1)) || ' ' || (SELECT count(*) FROM api_key WHERE tenant_id = ANY ($1) AND revoked_at IS NULL)
              || ' ' || (SELECT count(*) FROM export_target WHERE tenant_id = ANY ($1) AND retired_at IS NULL)
              || ' ' || (SELECT count(*) FROM grain_document WHERE key = ANY (SELECT replace(t::text, '-', '') FROM unnest($1) AS t))
            """, new[] { owner.Id.Value, child.Id.Value, sibling.Id.Value });
    }

    [Theory, MemberData(nameof(AboutATenant))]
    public async Task A_tenant_looks_at_itself_and_is_changed_from_above(string method, string path)
    {
        var parent = await world.NewTenantAsync();
        var child = await world.NewTenantAsync(parent.Id);
        await new WalletStore(world.Database.Database).PutAsync(child.Id, 0, 30, [], "a test");

        var own = await AskAsync(child, method, PathOf(path, child.Id.ToString(), await ThingOfAsync(path, child)), BodyOf(method, path));
        var (again, key) = (await world.NewTenantAsync(parent.Id), await world.Admin.AddKeyAsync(child.Id, "another"));
        var thing = path.EndsWith("{targetId}", StringComparison.Ordinal) ? await ThingOfAsync(path, child) : key.Id;
        await new WalletStore(world.Database.Database).PutAsync(again.Id, 0, 30, [], "a test");
        var from = await AskAsync(parent, method, PathOf(path, method == "DELETE" ? child.Id.ToString() : again.Id.ToString(), thing), BodyOf(method, path));

        Assert.InRange((int)from.Status, 200, 204);
        if (Above.Contains($"{method} {path}"))
            Assert.Equal((HttpStatusCode.Forbidden, "above_only"), (own.Status, JsonElement.Parse(own.Body).GetProperty("code").GetString()));
        else
            Assert.InRange((int)own.Status, 200, 204);
    }

    [Fact]
    public async Task Everybody_sees_the_tree_from_itself_down()
    {
        var (root, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var child = await world.NewTenantAsync(root.Id);
        var grandchild = await world.NewTenantAsync(child.Id);

        Assert.Equal([child.Id.ToString()], await ChildrenAsync(root, ""));
        Assert.Equal([grandchild.Id.ToString()], await ChildrenAsync(root, $"?parent={child.Id}"));
        Assert.Equal([grandchild.Id.ToString()], await ChildrenAsync(child, ""));
        Assert.Equal([], await ChildrenAsync(stranger, ""));
        foreach (var (who, parent) in new[] { (stranger, root), (child, root), (grandchild, child) })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(who, "GET", $"/v1/tenants?parent={parent.Id}")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(who, "POST", "/v1/tenants", new { name = "mine", parent = parent.Id.ToString() })).Status);
        }

        var seen = JsonElement.Parse((await AskAsync(child, "GET", $"/v1/tenants/{child.Id}")).Body);
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("parent").ValueKind);
        Assert.Equal(child.Id.ToString(), JsonElement.Parse((await AskAsync(child, "GET", $"/v1/tenants/{grandchild.Id}")).Body).GetProperty("parent").GetString());
    }

    [Fact]
    public async Task What_is_sent_of_a_tenant_is_seen_and_ended_by_who_said_so_and_from_above()
    {
        var (root, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var middle = await world.NewTenantAsync(root.Id);
        var leaf = await world.NewTenantAsync(middle.Id);
        var path = $"/v1/tenants/{leaf.Id}/export-targets";
        var (roots, middles, own) = (await AddTargetAsync(root, leaf), await AddTargetAsync(middle, leaf), await AddTargetAsync(leaf, leaf));

        Assert.Equal([own], await TargetsAsync(leaf));
        Assert.Equal([own, middles], await TargetsAsync(middle));
        Assert.Equal([own, middles, roots], await TargetsAsync(root));
        foreach (var (who, hidden) in new[] { (leaf, middles), (leaf, roots), (middle, roots) })
        {
            var (told, absent) = (await AskAsync(who, "DELETE", $"{path}/{hidden}"), await AskAsync(who, "DELETE", $"{path}/{Absent}"));
            Assert.Equal(absent, told);
            Assert.Equal((HttpStatusCode.NotFound, "export_target_not_found"), (told.Status, JsonElement.Parse(told.Body).GetProperty("code").GetString()));
        }

        // A target is one of its tenant, whoever asks by the name of another.
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(root, "DELETE", $"/v1/tenants/{middle.Id}/export-targets/{own}")).Status);
        Assert.Equal("tenant_not_found", JsonElement.Parse((await AskAsync(stranger, "DELETE", $"{path}/{own}")).Body).GetProperty("code").GetString());
        Assert.Equal(3, await world.Database.ReadAsync<long>("SELECT count(*) FROM export_target WHERE tenant_id = $1 AND retired_at IS NULL", leaf.Id.Value));
        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(root, "DELETE", $"{path}/{middles}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(leaf, "DELETE", $"{path}/{own}")).Status);
        Assert.Equal(1, await world.Database.ReadAsync<long>("SELECT count(*) FROM export_target WHERE tenant_id = $1 AND retired_at IS NULL", leaf.Id.Value));

        async Task<IReadOnlyList<string?>> TargetsAsync(Reseller who) =>
            [.. JsonElement.Parse((await AskAsync(who, "GET", path)).Body).GetProperty("items").EnumerateArray().Select(target => target.GetProperty("id").GetString())];
    }

    [Fact]
    public async Task Nobody_learns_what_is_paid_above_it()
    {
        var (root, stranger) = (await world.NewTenantAsync(), await world.NewTenantAsync());
        var reseller = await world.NewTenantAsync(root.Id);
        var customer = await world.NewTenantAsync(reseller.Id);
        // Prices of which each is found in no other number.
        await world.Admin.SetPriceAsync(root.Id, model: null, new Price(7_111_111m, Rounding.Default));
        await world.Admin.SetPriceAsync(reseller.Id, model: null, new Price(8_222_222m, Rounding.Default));
        await world.Admin.SetPriceAsync(customer.Id, model: null, new Price(9_333_333m, Rounding.Default));
        await using var client = await LiveAsync(customer);
        await client.CloseAsync();
        await world.EndOfAsync(customer, client.Session!);
        var (secrets, questions) = (new[] { "7111111", "8222222" }, new[]
        {
            "/v1/usage?group_by=tenant,end_user,model,day,session", "/v1/usage?group_by=session&format=csv", "/v1/invoices/preview",
            $"/v1/sessions/{client.Session}/charge", $"/v1/sessions/{client.Session}", $"/v1/tenants/{customer.Id}/prices", "/v1/tenants",
        });

        foreach (var question in questions)
        {
            var (customers, resellers) = (await AskAsync(customer, "GET", question), await AskAsync(reseller, "GET", question));
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (customers.Status, resellers.Status));
            Assert.DoesNotContain(secrets, secret => customers.Body.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(secrets[..1], secret => resellers.Body.Contains(secret, StringComparison.Ordinal));
            foreach (var above in new[] { root, reseller })
                Assert.DoesNotContain(above.Id.ToString(), customers.Body, StringComparison.Ordinal);
        }

        foreach (var (who, foreign) in new[] { (stranger, root), (customer, reseller), (reseller, root) })
        {
            foreach (var question in new[] { "/v1/usage?tenant=", "/v1/invoices/preview?tenant=" })
                Assert.Equal(await AskAsync(who, "GET", question + Absent), await AskAsync(who, "GET", question + foreign.Id));
        }
    }

    private static string PathOf(string path, string tenant, Guid thing) => path.Replace("{id}", tenant, StringComparison.Ordinal)
        .Replace("{keyId}", thing.ToString("N"), StringComparison.Ordinal).Replace("{targetId}", thing.ToString("N"), StringComparison.Ordinal);

    /// <summary>What the rest of the path names: a target of the tenant, or its key.</summary>
    private async Task<Guid> ThingOfAsync(string path, Reseller owner) =>
        path.EndsWith("{targetId}", StringComparison.Ordinal) ? Guid.Parse(await AddTargetAsync(owner, owner)) : owner.KeyId;

    /// <summary>Sends a tenant's usage to a customer that nobody else has, with a key of whoever does it.</summary>
    private async Task<string> AddTargetAsync(Reseller who, Reseller about)
    {
        var told = await AskAsync(
            who, "POST", $"/v1/tenants/{about.Id}/export-targets",
            new { kind = "stripe", eventName = "seconds", customer = $"cus_{Interlocked.Increment(ref _customers)}", credential = "sk_test_of_" + who.KeyId.ToString("N") });
        Assert.Equal(HttpStatusCode.Created, told.Status);
        Assert.DoesNotContain("sk_test_", told.Body, StringComparison.Ordinal);
        return JsonElement.Parse(told.Body).GetProperty("id").GetString()!;
    }

    private static object? BodyOf(string method, string path) => $"{method} {path}" switch
    {
        "PATCH /v1/tenants/{id}"               => new { maxSessions = 7 },
        "POST /v1/tenants/{id}/keys"           => new { name = "a key" },
        "POST /v1/tenants/{id}/prices"         => new { microsPerSecond = 1 },
        "POST /v1/tenants/{id}/token-prices"   => new { textIn = 1, audioIn = 1, imageIn = 1, textOut = 1, audioOut = 1 },
        "PUT /v1/tenants/{id}/settings"        => new { largestExpiresIn = 60 },
        "PUT /v1/tenants/{id}/policy"          => new { policy = new { client = new { denied = new[] { "set_image" } } } },
        "PUT /v1/tenants/{id}/wallet"          => new { creditLimitMicros = 5 },
        "POST /v1/tenants/{id}/export-targets" => new { kind = "stripe", eventName = "seconds", customer = "cus_1", credential = "sk_test_1" },
        "POST /v1/tenants/{id}/wallet/entries" => new { kind = "top_up", micros = 5, reason = "paid" },
        _                                      => null,
    };

    private async Task<IReadOnlyList<string?>> ChildrenAsync(Reseller reseller, string query)
    {
        var told = await AskAsync(reseller, "GET", "/v1/tenants" + query);
        return [.. JsonElement.Parse(told.Body).GetProperty("items").EnumerateArray().Select(tenant => tenant.GetProperty("id").GetString())];
    }

    private async Task<Told> AskAsync(Reseller reseller, string method, string path, object? body)
    {
        using var http = world.Http(reseller.Key);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", "a key");
        request.Headers.Add("If-Match", "\"none\"");
        using var answer = await http.SendAsync(request);
        return new Told(answer.StatusCode, "", await answer.Content.ReadAsStringAsync());
    }
}
