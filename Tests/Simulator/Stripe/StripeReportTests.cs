using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Events;
using Orchestrator.Simulator.Stripe.Faults;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeReportTests : StripeTest
{
    [Fact]
    public async Task A_report_counts_all_failures_and_names_some()
    {
        Stripe.Settings = new() { UnknownCustomers = UnknownName.Report, SampleErrors = 2 };
        foreach (var i in Enumerable.Range(1, 3))
            await SendEventAsync($"gen:{i}", customer: "cus_gone");
        Stripe.Faults.Add(new(new(StripeFaultKind.FailLater, Code: "archived_meter")));
        await SendEventAsync("gen:4");
        await SendEventAsync("gen:5");

        var id = Assert.Single(Stripe.ReportErrors());
        var report = (await GetAsync($"/v2/core/events/{id}")).Json;

        Assert.Equal("v1.billing.meter.error_report_triggered", report.GetProperty("type").GetString());
        Assert.Equal((MeterId, JsonValueKind.Null), (report.GetProperty("related_object").GetProperty("id").GetString(), report.GetProperty("context").ValueKind));
        var reason = report.GetProperty("data").GetProperty("reason");
        Assert.Equal(4, reason.GetProperty("error_count").GetInt32());
        Assert.Equal(
            ["meter_event_customer_not_found 3: gen:1 gen:2", "archived_meter 1: gen:4"],
            reason.GetProperty("error_types").EnumerateArray().Select(kind =>
                $"{kind.GetProperty("code").GetString()} {kind.GetProperty("error_count").GetInt32()}: "
                + string.Join(' ', kind.GetProperty("sample_errors").EnumerateArray().Select(sample => sample.GetProperty("request").GetProperty("identifier").GetString()))));
        Assert.Equal((5, 4), (Stripe.Counts.Accepted, Stripe.Counts.FailedAsync));
        Assert.Empty(Stripe.ReportErrors());
    }

    [Fact]
    public async Task A_failed_event_counts_nowhere_and_its_identifier_stays_taken()
    {
        await SendEventAsync("gen:1", at: Noon.AddMinutes(-1));
        Assert.True(Stripe.Fail("gen:1"));
        Assert.False(Stripe.Fail("gen:none"));

        var summary = await GetAsync($"/v1/billing/meters/{MeterId}/event_summaries?customer=cus_1&start_time={Unix(Noon.AddHours(-1))}&end_time={Unix(Noon)}");

        Assert.Equal([0m], summary.Values);
        Assert.Empty(Stripe.Sums());
        Assert.Equal(400, (await SendEventAsync("gen:1", key: "again")).Status);
        Assert.Equal(200, (await SendEventAsync("gen:1b")).Status);
        Assert.Equal(12, Assert.Single(Stripe.Sums()).Total);
    }

    [Fact]
    public async Task Events_without_a_meter_are_told_of_by_a_report_of_their_own()
    {
        Stripe.Settings = new() { UnknownMeters = UnknownName.Report };
        Assert.Equal(200, (await PostAsync(Events, Form("gen:1", eventName: "nothing"))).Status);

        var report = (await GetAsync($"/v2/core/events/{Assert.Single(Stripe.ReportErrors())}")).Json;

        Assert.Equal("v1.billing.meter.no_meter_found", report.GetProperty("type").GetString());
        Assert.False(report.TryGetProperty("related_object", out _));
        Assert.Equal("no_meter", report.GetProperty("data").GetProperty("reason").GetProperty("error_types")[0].GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_connected_account_is_the_context_and_only_it_can_fetch_its_report()
    {
        Stripe.Connect("acct_reseller");
        Stripe.AddMeter("gen_seconds", "acct_reseller");
        Stripe.AddCustomer("cus_1", "acct_reseller");
        await SendEventAsync("gen:1", account: "acct_reseller");
        Stripe.Fail("gen:1", account: "acct_reseller");

        var path = $"/v2/core/events/{Assert.Single(Stripe.ReportErrors())}";

        Assert.Equal((404, "not_found"), await GetAsync(path) is var stranger ? (stranger.Status, stranger.Error("code")) : default);
        Assert.Equal("acct_reseller", (await GetAsync(path, account: "acct_reseller")).Json.GetProperty("context").GetString());
    }

    [Fact]
    public void A_signature_is_the_one_that_Stripe_makes()
    {
        var body = """{"id":"evt_1","object":"event","api_version":"2026-07-29.dahlia","type":"invoice.paid","data":{"object":{"id":"in_1","object":"invoice"}}}""";

        var header = StripeSignature.Header(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000), Encoding.UTF8.GetBytes(body), "whsec_test");

        Assert.Equal("t=1790000000,v1=21ce4a5223561309fae9a4536b7375b4fbfab9bcb4a3966e9a5b9c0ac6dd7906", header);
    }

    [Fact]
    public async Task Pushes_are_signed_repeated_and_reordered_on_demand_and_thin_ones_lack_their_data()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        Stripe.Webhooks.Destinations = [new(receiver.Url, ["whsec_a", "whsec_b"], Thin: false), new(receiver.Url, ["whsec_thin"], Thin: true)];
        var first = Stripe.Webhooks.Publish("invoice.finalized", new JsonObject { ["id"] = "in_1", ["object"] = "invoice" });
        var second = Stripe.Webhooks.Publish("invoice.paid", new JsonObject { ["id"] = "in_1", ["object"] = "invoice" });
        await SendEventAsync("gen:1");
        Stripe.Fail("gen:1");
        var thin = Assert.Single(Stripe.ReportErrors());

        var deliveries = await Stripe.Webhooks.DeliverAsync([second, first, second, thin]);

        Assert.Equal([(second, 200), (first, 200), (second, 200), (thin, 200)], deliveries.Select(delivery => (delivery.EventId, delivery.Status)));
        var pushes = receiver.Pushes.ToArray();
        Assert.Equal([second, first, second, thin], pushes.Select(push => JsonDocument.Parse(push.Body).RootElement.GetProperty("id").GetString()));
        Assert.Equal(pushes[0].Body, pushes[2].Body);
        Assert.Equal(StripeSignature.Header(Time.GetUtcNow(), pushes[0].Body, "whsec_a", "whsec_b"), pushes[0].Signature);
        Assert.Equal(StripeSignature.Header(Time.GetUtcNow(), pushes[3].Body, "whsec_thin"), pushes[3].Signature);
        Assert.False(JsonDocument.Parse(pushes[3].Body).RootElement.TryGetProperty("data", out _));
        Assert.Empty(Stripe.Webhooks.Pending);
    }

    [Fact]
    public async Task What_nobody_acknowledged_stays_pending()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 500);
        var id = Stripe.Webhooks.Publish("invoice.paid", new JsonObject { ["id"] = "in_1" });

        Stripe.Webhooks.Destinations = [new(receiver.Url, ["whsec_a"], Thin: false), new(new("http://127.0.0.1:1/"), ["whsec_a"], Thin: false)];
        var deliveries = await Stripe.Webhooks.DeliverPendingAsync();

        Assert.Equal([500, 0], deliveries.Select(delivery => delivery.Status));
        Assert.Equal([id], Stripe.Webhooks.Pending);
    }
}
