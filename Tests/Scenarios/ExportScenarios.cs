using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A gateway that takes the simulator's Stripe for Stripe, and waits for no minute to be over.</summary>
public sealed class ExportScenarioWorld : World
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings =>
        new Dictionary<string, string> { ["Stripe:BaseAddress"] = Provider.Address.ToString(), ["Export:Window"] = "00:00:00.2" };
}

/// <summary>Export targets as resellers keep them, from the request that adds one to the seconds at the sink.</summary>
public sealed class ExportScenarios(ExportScenarioWorld world) : IClassFixture<ExportScenarioWorld>
{
    private const string Account = "acct_reseller";
    private const string Key = "sk_test_of_the_reseller_alone";

    [Fact]
    public async Task What_a_session_is_billed_reaches_the_resellers_own_stripe_and_the_charge_answer_names_the_batch()
    {
        var reseller = await world.NewTenantAsync();
        var customer = await world.NewTenantAsync(reseller.Id);
        world.Provider.Stripe.AddAccount(Account, Key);
        world.Provider.Stripe.AddMeter("gen_seconds", Account);
        world.Provider.Stripe.AddCustomer("cus_film", Account);
        var (added, target) = await PostAsync(reseller, customer, new { kind = "stripe", eventName = "gen_seconds", customer = "cus_film", credential = Key, meterId = "mtr_1" });
        Assert.Equal(HttpStatusCode.Created, added);

        var session = await PlayAsync(customer);
        var charge = await Eventually.SeesAsync($"all that session {session} was billed is sent", () => AskAsync(reseller, $"/v1/sessions/{session}/charge"), IsSent);

        var batches = charge.GetProperty("exports").EnumerateArray().ToList();
        Assert.All(batches, batch => Assert.Equal((customer.Id.ToString(), "stripe"), (batch.GetProperty("tenant").GetString(), batch.GetProperty("sink").GetString())));
        Assert.Equal(batches.Where(batch => batch.GetProperty("value").GetInt64() > 0).Select(batch => batch.GetProperty("identifier").GetString()).Order(),
            world.Provider.Stripe.ReadEvents(0, int.MaxValue, Account).Select(accepted => accepted.Identifier).Order());
        Assert.Equal(3, world.Provider.Stripe.Sums().Single(sum => sum is { Account: Account, Customer: "cus_film", EventName: "gen_seconds" }).Total);
        Assert.Empty(world.Provider.Stripe.ContractViolations);
        var listed = Assert.Single((await AskAsync(reseller, $"/v1/tenants/{customer.Id}/export-targets")).GetProperty("items").EnumerateArray());
        Assert.Equal(target.GetProperty("id").GetString(), listed.GetProperty("id").GetString());
        Assert.Equal(batches.Count, listed.GetProperty("counts").GetProperty("sent").GetInt32());
        Assert.Equal(JsonValueKind.String, listed.GetProperty("lastSentAt").ValueKind);
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (listed.GetProperty("oldestUnsentAt").ValueKind, listed.GetProperty("lastError").ValueKind));
        Assert.DoesNotContain("sk_test_", listed.ToString() + target, StringComparison.Ordinal);
        Assert.Equal(["export_target_added"], await world.Database.ListAsync<string>(
            "SELECT action FROM audit WHERE tenant_id = $1 AND actor = $2", customer.Id.Value, $"key:{reseller.KeyId:N}"));
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT count(*) FROM audit WHERE detail::text LIKE '%sk_test_%'"));
        Assert.Equal(0, await world.Database.ReadAsync<long>("SELECT count(*) FROM export_target WHERE credential LIKE '%sk_test_%'"));
    }

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_not_dialled_and_the_listing_says_why_nothing_goes_out()
    {
        var tenant = await world.NewTenantAsync();
        var (added, _) = await PostAsync(tenant, tenant, new { kind = "cloud_events", eventName = "seconds", customer = "c", endpoint = "https://localhost/?key=hidden" });
        Assert.Equal(HttpStatusCode.Created, added);

        await PlayAsync(tenant);
        var listed = await Eventually.SeesAsync(
            "a batch waits", async () => (await AskAsync(tenant, $"/v1/tenants/{tenant.Id}/export-targets")).GetProperty("items")[0],
            target => target.GetProperty("lastError").ValueKind is JsonValueKind.String);

        Assert.Equal("The name leads into a private network.", listed.GetProperty("lastError").GetString());
        Assert.Equal((JsonValueKind.String, JsonValueKind.Null), (listed.GetProperty("oldestUnsentAt").ValueKind, listed.GetProperty("lastSentAt").ValueKind));
        Assert.Equal("https://localhost/", listed.GetProperty("endpoint").GetString());
    }

    public static TheoryData<string, string[]> Wrong => new()
    {
        { """{}""",                                                                                                    ["customer", "eventName", "kind"] },
        { """{"kind":"file","eventName":"e","customer":"c","endpoint":"a"}""",                                          ["kind"] },
        { """{"kind":"stripe","eventName":"e","customer":"c"}""",                                                      ["credential"] },
        { """{"kind":"stripe","eventName":"e","customer":"c d","credential":"pk_test_1","account":"me","x":1}""",       ["account", "credential", "customer", "x"] },
        { """{"kind":"stripe","eventName":"e","customer":"c","credential":"sk_live_1"}""",                              ["credential"] },
        { """{"kind":"stripe","eventName":"e","customer":"c","credential":"sk_test_1","endpoint":"https://a.example/","meterId":"../x"}""", ["endpoint", "meterId"] },
        { """{"kind":"cloud_events","eventName":"e","customer":"c"}""",                                                 ["endpoint"] },
        { """{"kind":"cloud_events","eventName":"e","customer":"c","endpoint":"http://a.example/","account":"acct_1"}""", ["account", "endpoint"] },
        { """{"kind":"cloud_events","eventName":"e","customer":"c","endpoint":"https://10.0.0.1/"}""",                  ["endpoint"] },
        { """{"kind":"cloud_events","eventName":"e","customer":"c","endpoint":"https://a.example/","credential":"é"}""", ["credential"] },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task What_is_wrong_with_a_target_is_said_by_field(string body, string[] fields)
    {
        var tenant = await world.NewTenantAsync();

        var (status, answer) = await PostAsync(tenant, tenant, JsonElement.Parse(body));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "validation_failed"), (status, answer.GetProperty("code").GetString()));
        Assert.Equal(fields, answer.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
        Assert.DoesNotContain("sk_live_", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Targets_are_each_there_once_retired_once_and_no_more_than_twenty()
    {
        var tenant = await world.NewTenantAsync();
        var targets = new List<JsonElement>();
        for (var i = 0; i < ExportTargetAdmin.MaxTargets; i++)
            targets.Add((await PostAsync(tenant, tenant, Numbered(i))).Body);

        var (full, problem) = await PostAsync(tenant, tenant, Numbered(20));
        using var http = world.Http(tenant.Key);
        for (var i = 0; i < 2; i++)
        {
            using var retired = await http.DeleteAsync($"/v1/tenants/{tenant.Id}/export-targets/{targets[0].GetProperty("id").GetString()}");
            Assert.Equal(HttpStatusCode.NoContent, retired.StatusCode);
        }

        var (again, repeated) = await PostAsync(tenant, tenant, Numbered(1));
        var (back, _) = await PostAsync(tenant, tenant, Numbered(0));
        var first = await AskAsync(tenant, $"/v1/tenants/{tenant.Id}/export-targets?limit=1");
        var rest = await AskAsync(tenant, $"/v1/tenants/{tenant.Id}/export-targets?before={first.GetProperty("next").GetString()}");

        Assert.Equal((HttpStatusCode.Conflict, "too_many_export_targets"), (full, problem.GetProperty("code").GetString()));
        Assert.Equal((HttpStatusCode.Conflict, "export_target_exists"), (again, repeated.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.Created, back);
        Assert.Equal(ExportTargetAdmin.MaxTargets, rest.GetProperty("items").GetArrayLength());
        Assert.Equal(1, rest.GetProperty("items").EnumerateArray().Count(target => target.GetProperty("retiredAt").ValueKind is JsonValueKind.String));
        Assert.Equal(1, await world.Database.ReadAsync<long>("SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'export_target_retired'", tenant.Id.Value));

        static object Numbered(int i) => new { kind = "cloud_events", eventName = "seconds", customer = $"c{i}", endpoint = "https://meter.example/" };
    }

    /// <summary>Every second that was billed is in a batch, and every batch is sent.</summary>
    private static bool IsSent(JsonElement charge)
    {
        var batches = charge.GetProperty("exports").EnumerateArray().ToList();
        return batches.Sum(batch => batch.GetProperty("value").GetInt64()) == 3 && batches.TrueForAll(batch => batch.GetProperty("state").GetString() == "sent");
    }

    /// <summary>A session of two and a half seconds, which are billed as three.</summary>
    private async Task<string> PlayAsync(Reseller tenant)
    {
        world.Provider.Play("test-export", Script.Begin.SendSessionId().GenerationStarted().Ticks(5, TimeSpan.FromMilliseconds(300), from: 0.5m, step: 0.5m)
            .GenerationEnded("disconnect").Close(1000, "bye"));
        await using var client = await world.ConnectAsync(tenant.Key, "test-export");
        await client.FarewellAsync();
        await world.EndOfAsync(tenant, client.Session!);
        return client.Session!;
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(Reseller who, Reseller about, object body)
    {
        using var http = world.Http(who.Key);
        using var answer = await http.PostAsJsonAsync($"/v1/tenants/{about.Id}/export-targets", body);
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()));
    }

    private async Task<JsonElement> AskAsync(Reseller who, string path)
    {
        using var http = world.Http(who.Key);
        return JsonElement.Parse(await http.GetByteArrayAsync(path));
    }
}
