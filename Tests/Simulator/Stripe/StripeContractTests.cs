using System.Text;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Contract;

namespace Orchestrator.Tests.Simulator.Stripe;

public class StripeContractTests : StripeTest
{
    private const string Good = "event_name=gen_seconds&payload[stripe_customer_id]=cus_1&payload[value]=1";
    private static readonly string Long = new('x', 101);

    protected override StripeOptions Options => new() { MaxBodyBytes = 2_048 };

    public static TheoryData<string, string, string?, string?> Bad => new()
    {
        // path                                   form                                                         code                         param
        { Events,                                 Good + "&colour=red",                                        "parameter_unknown",         "colour" },
        { Events,                                 "payload[value]=1",                                          "parameter_missing",         "event_name" },
        { Events,                                 "event_name=gen_seconds",                                    "parameter_missing",         "payload" },
        { Events,                                 "event_name=gen_seconds&payload=1",                          null,                        "payload" },
        { Events,                                 "event_name=gen_seconds&payload[value][deep]=1",             null,                        "payload[value]" },
        { Events,                                 Good + "&timestamp=soon",                                    "parameter_invalid_integer", "timestamp" },
        { Events,                                 Good + "&identifier=" + Long,                                null,                        "identifier" },
        { Events,                                 Good + "&identifier=",                                       "parameter_invalid_empty",   "identifier" },
        { Events,                                 Good + "&event_name=again",                                  null,                        null },
        { Events,                                 Good + "&payload[more]=" + Long,                             null,                        "payload[more]" },
        { Events + "?expand=x",                   Good,                                                        "parameter_unknown",         "expand" },
        { "/v1/billing/meter_event_adjustments",  "event_name=gen_seconds&type=void&cancel[identifier]=a",     null,                        "type" },
        { "/v1/billing/meter_event_adjustments",  "event_name=gen_seconds&type=cancel",                        "parameter_missing",         "cancel[identifier]" },
        { "/v1/billing/meter_event_adjustments",  "event_name=gen_seconds&type=cancel&cancel[id]=a",           "parameter_unknown",         "cancel[id]" },
        { "/v1/billing/meters",                   "display_name=x&event_name=y",                               "parameter_missing",         "default_aggregation" },
        { "/v1/billing/meters",                   "display_name=x&event_name=y&default_aggregation[formula]=max", null,                     "default_aggregation[formula]" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task What_the_description_does_not_allow_is_refused_and_counted(string path, string form, string? code, string? param)
    {
        var reply = await PostAsync(path, form, key: "k");

        Assert.Equal((400, "invalid_request_error", code, param), (reply.Status, reply.Error("type"), reply.Error("code"), reply.Error("param")));
        Assert.Contains($"POST {path.Split('?')[0]}: ", Assert.Single(Stripe.ContractViolations), StringComparison.Ordinal);
        Assert.Equal(1, Stripe.Counts.ContractViolations);
        Assert.Empty(Stripe.Events);
    }

    [Theory]
    [InlineData("GET", "/v1/billing/meter_events")]
    [InlineData("POST", "/v1/billing/meter_event")]
    [InlineData("DELETE", "/v1/billing/meters/mtr_1")]
    [InlineData("POST", "/v2/billing/meter_event_stream")]
    public async Task A_path_that_does_not_exist_is_refused_and_counted(string method, string path)
    {
        var reply = await SendAsync(new(method), path);

        Assert.Equal((404, "invalid_request_error"), (reply.Status, reply.Error("type")));
        Assert.StartsWith($"Unrecognized request URL ({method}: {path}).", reply.Error("message"), StringComparison.Ordinal);
        Assert.Single(Stripe.ContractViolations);
    }

    [Fact]
    public async Task A_wrong_content_type_a_missing_version_a_long_key_and_a_large_body_are_refused()
    {
        using var json = new StringContent("{}", Encoding.UTF8, "application/json");
        using var form = new StringContent(Good, Encoding.UTF8, "application/x-www-form-urlencoded");
        using var again = new StringContent(Good, Encoding.UTF8, "application/x-www-form-urlencoded");
        using var large = new StringContent(Good + "&" + new string('x', 2_048), Encoding.UTF8, "application/x-www-form-urlencoded");

        Assert.Equal(400, (await SendAsync(HttpMethod.Post, Events, json)).Status);
        Assert.Equal(400, (await SendAsync(HttpMethod.Post, Events, form, version: null)).Status);
        Assert.Equal(400, (await SendAsync(HttpMethod.Post, Events, again, key: new('k', 256))).Status);
        Assert.Equal(413, (await SendAsync(HttpMethod.Post, Events, large)).Status);

        Assert.Equal(4, Stripe.ContractViolations.Count);
    }

    [Theory]
    [InlineData("", "You did not provide an API key.")]
    [InlineData("sk_test_other", "Invalid API Key provided: ***")]
    public async Task Without_the_right_key_nobody_enters_and_the_key_is_not_repeated(string apiKey, string message)
    {
        var reply = await SendAsync(HttpMethod.Get, "/v1/billing/meters", apiKey: apiKey);

        Assert.Equal((401, "invalid_request_error"), (reply.Status, reply.Error("type")));
        Assert.StartsWith(message, reply.Error("message"), StringComparison.Ordinal);
        Assert.Empty(Stripe.ContractViolations);
    }

    [Fact]
    public void The_description_says_where_it_comes_from_and_every_reference_leads_somewhere()
    {
        var contract = StripeContract.Instance;

        Assert.Equal(14, contract.Operations.Count);
        Assert.All(contract.Schemas.Values.Concat(contract.Operations.Select(operation => operation.Response)), Resolves);

        void Resolves(Schema schema)
        {
            Assert.True(schema.Ref is null || contract.Schemas.ContainsKey(schema.Ref));
            foreach (var inner in schema.Properties.Values.Concat(schema.AnyOf ?? []).Append(schema.Items).Append(schema.Values).OfType<Schema>())
                Resolves(inner);
        }
    }
}
