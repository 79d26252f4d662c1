using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeV2Tests : StripeTest
{
    private const string V2Events = "/v2/billing/meter_events";

    private static string Json(string identifier = "gen:1", string payload = """{"stripe_customer_id":"cus_1","value":"12"}""", string eventName = "gen_seconds") =>
        $$"""{"event_name":"{{eventName}}","identifier":"{{identifier}}","payload":{{payload}},"timestamp":"2026-01-01T12:00:00Z"}""";

    [Fact]
    public async Task An_event_is_accepted_and_shares_its_identifiers_with_v1()
    {
        var reply = await PostJsonAsync(V2Events, Json());

        Assert.Equal(("v2.billing.meter_event", "2026-01-01T12:00:00.000Z"), (reply.Json.GetProperty("object").GetString(), reply.Json.GetProperty("timestamp").GetString()));
        Assert.Equal("An event already exists with identifier gen:1.", (await SendEventAsync("gen:1")).Error("message"));
        Assert.Equal(12, Assert.Single(Stripe.Sums()).Total);
        Assert.Empty(Stripe.ContractViolations);
    }

    public static TheoryData<string, int, string> Errors => new()
    {
        { Json("taken"),                                                                       400, "duplicate_meter_event" },
        { Json(eventName: "nothing"),                                                          404, "no_meter" },
        { Json(eventName: "gone"),                                                             400, "archived_meter" },
        { Json(payload: """{"stripe_customer_id":"cus_1","value":"-1"}"""),                    400, "payload_invalid_value" },
        { Json(payload: """{"stripe_customer_id":"cus_1","value":"1.5"}"""),                   400, "payload_invalid_value" },
        { Json(payload: """{"value":"1"}"""),                                                  400, "payload_no_customer_defined" },
        { Json(payload: """{"stripe_customer_id":"cus_1"}"""),                                 400, "payload_no_value_defined" },
        { Json(payload: """{"stripe_customer_id":"cus_1","value":1}"""),                       400, "invalid_fields" },
        { "[]",                                                                                400, "invalid_fields" },
        { """{"event_name":"gen_seconds","payload":{},"timestamp":1767268800}""",              400, "invalid_fields" },
        { """{"event_name":"gen_seconds","payload":{},"colour":"red"}""",                      400, "parameter_unknown" },
    };

    [Theory, MemberData(nameof(Errors))]
    public async Task Its_errors_have_codes(string json, int status, string code)
    {
        await PostJsonAsync(V2Events, Json("taken"));
        await PostAsync($"/v1/billing/meters/{Stripe.AddMeter("gone")}/deactivate", "");

        var reply = await PostJsonAsync(V2Events, json);

        Assert.Equal((status, code, null), (reply.Status, reply.Error("code"), reply.Error("type")));
        Assert.Single(Stripe.Events);
    }

    [Fact]
    public async Task Two_calls_at_once_for_a_customer_and_meter_are_a_conflict()
    {
        Stripe.Settings = new() { Latency = TimeSpan.FromSeconds(5) };
        var first = SendEventAsync("gen:1");
        await Eventually.IsAsync("the first call waits", () => Task.FromResult(Time.ArmedTimers == 1));

        var second = await PostJsonAsync(V2Events, Json("gen:2"));
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((409, "too_many_concurrent_requests"), (second.Status, second.Error("code")));
        Assert.Equal(200, (await first).Status);
    }

    [Fact]
    public async Task Failed_work_is_really_tried_again_under_its_key()
    {
        Stripe.Faults.Next(StripeFaultKind.ErrorBeforeCommit);

        Assert.Equal(500, (await PostJsonAsync(V2Events, Json(), key: "k")).Status);
        Assert.Equal(200, (await PostJsonAsync(V2Events, Json(), key: "k")).Status);
        Assert.Equal("true", (await PostJsonAsync(V2Events, Json(), key: "k")).Header("Idempotent-Replayed"));
    }

    [Fact]
    public async Task An_event_can_be_cancelled()
    {
        await PostJsonAsync(V2Events, Json());

        var cancelled = await PostJsonAsync("/v2/billing/meter_event_adjustments", """{"event_name":"gen_seconds","type":"cancel","cancel":{"identifier":"gen:1"}}""");
        var unknown = await PostJsonAsync("/v2/billing/meter_event_adjustments", """{"event_name":"gen_seconds","type":"cancel","cancel":{"identifier":"gen:2"}}""");

        Assert.Equal((200, "gen:1"), (cancelled.Status, cancelled.Json.GetProperty("cancel").GetProperty("identifier").GetString()));
        Assert.Equal("invalid_cancel_configuration", unknown.Error("code"));
        Assert.Empty(Stripe.Sums());
    }
}
