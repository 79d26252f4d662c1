using System.Net;
using System.Text.Json;
using Orchestrator.Simulator.Stripe;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeControlTests : StripeTest
{
    [Fact]
    public async Task Another_process_seeds_steers_and_asks()
    {
        await ControlAsync(HttpMethod.Post, "/accounts", """{"id":"acct_reseller","platform":"acct_simulator"}""");
        await ControlAsync(HttpMethod.Post, "/accounts", """{"id":"acct_own","key":"sk_test_own"}""");
        var meter = await ControlAsync(HttpMethod.Post, "/meters", """{"event_name":"gen_seconds","account":"acct_reseller"}""");
        await ControlAsync(HttpMethod.Post, "/customers", """{"id":"cus_r","account":"acct_reseller"}""");
        await ControlAsync(HttpMethod.Put, "/clock", """{"frozen":"2026-01-02T00:00:00Z"}""");
        await ControlAsync(HttpMethod.Put, "/clock", """{"advance":60}""");
        await ControlAsync(HttpMethod.Put, "/settings", """{"summary_lag":30,"unknown_customers":"accept"}""");
        await ControlAsync(
            HttpMethod.Post, "/faults",
            """{"seed":7,"rules":[{"fault":{"kind":"rate_limited","retry_after":3}},{"fault":{"kind":"conflict"},"count":null,"probability":0.5}]}""");
        Assert.Equal(2, (await ControlAsync(HttpMethod.Get, "/faults")).GetArrayLength());

        var limited = await SendEventAsync("gen:1", customer: "cus_r", account: "acct_reseller");
        await ControlAsync(HttpMethod.Delete, "/faults");
        await SendEventAsync("gen:1", customer: "cus_r", account: "acct_reseller");
        await SendEventAsync("gen:2", customer: "cus_new");

        Assert.StartsWith("mtr_test_", meter.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal((429, "3"), (limited.Status, limited.Header("Retry-After")));
        var state = await ControlAsync(HttpMethod.Get, "");
        Assert.Equal("2026-01-02T00:01:00+00:00", state.GetProperty("now").GetString());
        Assert.Equal((3, 2, 1), (Count(state, "requests"), Count(state, "accepted"), Count(state, "faults")));
        Assert.Equal(["acct_simulator", "acct_reseller", "acct_own"], state.GetProperty("accounts").EnumerateArray().Select(account => account.GetString()));
        Assert.Equal(0, state.GetProperty("contract_violations").GetArrayLength());
        var sums = await ControlAsync(HttpMethod.Get, "/sums?by_day=true");
        Assert.Equal(("acct_reseller", "cus_r", "gen_seconds", "2026-01-01", 12m), SumOf(sums[0]));
    }

    [Fact]
    public void A_seed_is_there_from_the_start_and_planted_once()
    {
        using var stripe = new FakeStripe(new StripeOptions(), TimeProvider.System, CancellationToken.None);
        var seeds = new StripeSeeds(["gen_seconds"], ["cus_own", "acct_reseller/cus_r"]);

        seeds.Plant(stripe);
        seeds.Plant(stripe);

        Assert.Equal(["acct_simulator", "acct_reseller"], stripe.Accounts);
        Assert.NotEqual(stripe.AddMeter("gen_seconds"), stripe.AddMeter("gen_seconds", "acct_reseller"));
    }

    [Fact]
    public async Task Events_and_requests_are_read_in_pages()
    {
        foreach (var i in Enumerable.Range(1, 5))
            await SendEventAsync($"gen:{i}");

        var first = await ControlAsync(HttpMethod.Get, "/events?limit=3");
        var rest = await ControlAsync(HttpMethod.Get, $"/events?limit=3&after={first.GetProperty("next").GetInt64()}");
        var requests = await ControlAsync(HttpMethod.Get, "/requests?after=4");

        Assert.Equal(["gen:1", "gen:2", "gen:3"], Identifiers(first));
        Assert.Equal(["gen:4", "gen:5"], Identifiers(rest));
        Assert.Equal(5, rest.GetProperty("next").GetInt64());
        Assert.Equal(["gen:5"], Identifiers(requests));
        Assert.Empty(Identifiers(await ControlAsync(HttpMethod.Get, "/events?after=5")));

        static string[] Identifiers(JsonElement page) => [.. page.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("identifier").GetString()!)];
    }

    [Fact]
    public async Task Failures_reports_and_pushes_can_be_ordered()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await ControlAsync(
            HttpMethod.Put, "/webhooks",
            $$"""[{"url":"{{receiver.Url}}","secrets":["whsec_a"],"thin":true},{"url":"{{receiver.Url}}","secrets":["whsec_a"],"thin":false}]""");
        await SendEventAsync("gen:1");

        await ControlAsync(HttpMethod.Post, "/failures", """{"identifier":"gen:1"}""");
        var report = (await ControlAsync(HttpMethod.Post, "/reports"))[0].GetString();
        var invoice = await ControlAsync(HttpMethod.Post, "/webhooks/events", """{"type":"invoice.finalized","snapshot":{"id":"in_1"}}""");
        var pending = await ControlAsync(HttpMethod.Post, "/webhooks/deliveries", "{}");
        var again = await ControlAsync(HttpMethod.Post, "/webhooks/deliveries", $$"""{"event_ids":["{{report}}","{{report}}"]}""");

        Assert.Equal([report, invoice.GetProperty("id").GetString()], pending.EnumerateArray().Select(delivery => delivery.GetProperty("event_id").GetString()));
        Assert.Equal([200, 200], again.EnumerateArray().Select(delivery => delivery.GetProperty("status").GetInt32()));
        Assert.Equal(4, receiver.Pushes.Count);
    }

    [Theory]
    [InlineData("/customers", """{"id":"cus_9","account":"acct_none"}""")]
    [InlineData("/customers", """{"name":"cus_9"}""")]
    [InlineData("/faults", """{"rules":[{"fault":{"kind":"dance"}}]}""")]
    [InlineData("/accounts", """{"id":"acct_x"}""")]
    public async Task What_cannot_be_done_is_told_in_words(string path, string json)
    {
        using var http = new HttpClient();
        using var content = new StringContent(json);

        using var response = await http.PostAsync(new Uri(Address, $"/control/stripe{path}"), content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("This cannot be done", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("acct_x", Stripe.Accounts);
    }

    private static long Count(JsonElement state, string name) => state.GetProperty("counts").GetProperty(name).GetInt64();

    private static (string?, string?, string?, string?, decimal) SumOf(JsonElement sum) => (
        sum.GetProperty("account").GetString(), sum.GetProperty("customer").GetString(), sum.GetProperty("event_name").GetString(),
        sum.GetProperty("day").GetString(), sum.GetProperty("total").GetDecimal());
}
