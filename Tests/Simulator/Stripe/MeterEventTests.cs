using System.Text.Json;
using Orchestrator.Simulator.Stripe;

namespace Orchestrator.Tests.Simulator.Stripe;

public class MeterEventTests : StripeTest
{
    [Fact]
    public async Task An_event_is_accepted_kept_and_answered_as_it_came()
    {
        var reply = await PostAsync(
            Events, "event_name=gen_seconds&identifier=gen%3Aa+b%7C%C3%A9%7E*%27()_-.1&payload[stripe_customer_id]=cus_1&payload%5Bvalue%5D=12&timestamp=1767268800");

        Assert.Equal(200, reply.Status);
        Assert.Equal(
            """{"object":"billing.meter_event","created":1767268800,"event_name":"gen_seconds","identifier":"gen:a b|é~*'()_-.1","livemode":"""
            + """false,"payload":{"stripe_customer_id":"cus_1","value":"12"},"timestamp":1767268800}""",
            reply.Text);
        var kept = Assert.Single(Stripe.Events);
        Assert.Equal((1, "acct_simulator", "gen_seconds", "cus_1", 12m), (kept.Number, kept.Account, kept.EventName, kept.Customer, kept.Value));
        Assert.Equal("gen:a b|é~*'()_-.1", kept.Identifier);
        Assert.Equal((Noon, Noon, false, null), (kept.Timestamp, kept.ReceivedAt, kept.Cancelled, kept.Failure));
        Assert.Empty(Stripe.ContractViolations);
    }

    [Fact]
    public async Task An_identifier_is_taken_for_24_hours_of_the_virtual_clock()
    {
        await SendEventAsync("gen:1");
        Stripe.Clock.Freeze(Noon.AddHours(24).AddSeconds(-1));
        var duplicate = await SendEventAsync("gen:1", value: "13", customer: "cus_2", key: "another");
        Stripe.Clock.Advance(TimeSpan.FromSeconds(1));
        var later = await SendEventAsync("gen:1", key: "a third");

        Assert.Equal((400, "invalid_request_error", null), (duplicate.Status, duplicate.Error("type"), duplicate.Error("code")));
        Assert.Equal("An event already exists with identifier gen:1.", duplicate.Error("message"));
        Assert.Equal("false", duplicate.Header("Stripe-Should-Retry"));
        Assert.Equal(200, later.Status);
        Assert.Equal((2, 1), (Stripe.Counts.Accepted, Stripe.Counts.Duplicates));
        Assert.Equal(24, Assert.Single(Stripe.Sums()).Total);
    }

    [Fact]
    public async Task Accounts_share_neither_identifiers_nor_meters_nor_customers()
    {
        Stripe.Connect("acct_reseller");
        Stripe.AddAccount("acct_other", "sk_test_other");
        await SendEventAsync("gen:1");

        Assert.Equal("No active meter found with this event name", (await SendEventAsync("gen:1", account: "acct_reseller")).Error("message"));
        Stripe.AddMeter("gen_seconds", "acct_reseller");
        Assert.Equal("No such customer: 'cus_1'", (await SendEventAsync("gen:1", key: "k2", account: "acct_reseller")).Error("message"));
        Stripe.AddCustomer("cus_1", "acct_reseller");
        Assert.Equal(200, (await SendEventAsync("gen:1", key: "k3", account: "acct_reseller")).Status);

        Assert.Equal(403, (await SendEventAsync("gen:2", account: "acct_other")).Status);
        Assert.Equal(["acct_simulator", "acct_reseller"], Stripe.Events.Select(one => one.Account));
    }

    [Theory]
    [InlineData("1", 200)]
    [InlineData("999999999999999", 200)]
    [InlineData("-3", 200)]
    [InlineData("1.25", 200)]
    [InlineData("0000000000000000001", 200)]
    [InlineData("1000000000000000", 400)]
    [InlineData("1.000000000000000", 400)]
    [InlineData("ten", 400)]
    [InlineData("1e3", 400)]
    [InlineData("+1", 400)]
    [InlineData("%201", 400)]
    public async Task A_value_is_a_number_of_at_most_15_digits(string value, int status)
    {
        Assert.Equal(status, (await SendEventAsync("gen:1", value)).Status);
        Assert.Equal(status == 200 ? 0 : 1, Stripe.ContractViolations.Count);
    }

    [Theory]
    [InlineData("payload[value]=1")]
    [InlineData("payload[stripe_customer_id]=cus_1")]
    public async Task The_payload_holds_customer_and_value(string payload)
    {
        var reply = await PostAsync(Events, $"event_name=gen_seconds&{payload}");

        Assert.Equal((400, "payload"), (reply.Status, reply.Error("param")));
    }

    public static TheoryData<TimeSpan, string?> Instants => new()
    {
        { TimeSpan.FromDays(-35),                            null },
        { TimeSpan.FromDays(-35) - TimeSpan.FromSeconds(1),  "timestamp_too_far_in_past" },
        { TimeSpan.FromMinutes(5),                           null },
        { TimeSpan.FromSeconds(301),                         "timestamp_in_future" },
    };

    [Theory, MemberData(nameof(Instants))]
    public async Task A_timestamp_is_at_most_35_days_old_and_5_minutes_early(TimeSpan fromNow, string? code)
    {
        var reply = await SendEventAsync("gen:1", at: Noon + fromNow);

        Assert.Equal((code is null ? 200 : 400, code), (reply.Status, reply.Error("code")));
    }

    [Theory]
    [InlineData(UnknownName.Refuse, 400, null)]
    [InlineData(UnknownName.Report, 200, "meter_event_customer_not_found")]
    [InlineData(UnknownName.Accept, 200, null)]
    public async Task An_unknown_customer_is_refused_reported_later_or_made(UnknownName wanted, int status, string? failure)
    {
        Stripe.Settings = new() { UnknownCustomers = wanted };

        var reply = await SendEventAsync("gen:1", customer: "cus_new");

        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 400 ? "resource_missing" : null, reply.Error("code"));
        Assert.Equal(failure, Stripe.Events.SingleOrDefault()?.Failure);
        Assert.Equal(wanted is UnknownName.Accept ? 1 : 0, Stripe.Sums().Count);
        Assert.Empty(Stripe.ContractViolations);
    }

    [Fact]
    public async Task A_meter_can_be_listed_renamed_and_deactivated_and_then_takes_no_events()
    {
        var made = await PostAsync(
            "/v1/billing/meters",
            "display_name=Frames&event_name=frames&default_aggregation[formula]=count&customer_mapping[type]=by_id&customer_mapping[event_payload_key]=who");
        var id = made.Json.GetProperty("id").GetString();
        Assert.Equal(400, (await PostAsync("/v1/billing/meters", "display_name=Frames&event_name=frames&default_aggregation[formula]=sum")).Status);
        Assert.Equal(200, (await PostAsync(Events, "event_name=frames&payload[who]=cus_1&payload[value]=1")).Status);

        Assert.Equal("inactive", (await PostAsync($"/v1/billing/meters/{id}/deactivate", "")).Json.GetProperty("status").GetString());
        Assert.Equal("archived_meter", (await PostAsync(Events, "event_name=frames&payload[who]=cus_1&payload[value]=1")).Error("code"));
        var active = await GetAsync("/v1/billing/meters?status=active");
        var all = await GetAsync("/v1/billing/meters?limit=1");
        Assert.Equal("active", (await PostAsync($"/v1/billing/meters/{id}/reactivate", "")).Json.GetProperty("status").GetString());
        Assert.Equal("Shown", (await PostAsync($"/v1/billing/meters/{id}", "display_name=Shown")).Json.GetProperty("display_name").GetString());

        Assert.Equal("Shown", (await GetAsync($"/v1/billing/meters/{id}")).Json.GetProperty("display_name").GetString());
        Assert.Equal([MeterId], active.Json.GetProperty("data").EnumerateArray().Select(meter => meter.GetProperty("id").GetString()));
        Assert.Equal((id, JsonValueKind.True), (all.Json.GetProperty("data")[0].GetProperty("id").GetString(), all.Json.GetProperty("has_more").ValueKind));
        Assert.Equal(404, (await GetAsync("/v1/billing/meters/mtr_none")).Status);
    }

    [Fact]
    public async Task A_customer_can_be_made_and_asked_for()
    {
        var made = await PostAsync("/v1/customers", "name=Ada&metadata[tenant]=t1");

        var shown = await GetAsync($"/v1/customers/{made.Json.GetProperty("id").GetString()}");

        Assert.Equal("Ada", shown.Json.GetProperty("name").GetString());
        Assert.Equal("resource_missing", (await GetAsync("/v1/customers/cus_none")).Error("code"));
    }
}
