using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Silo.Billing;
using Orchestrator.Tests.Billing.Stripe;
using Stripe;

namespace Orchestrator.Tests.Cluster.Billing.Stripe;

public sealed class StripeNetTransportTests : StripeTransportTests, IDisposable
{
    private readonly List<StripeNetTransport> _made = [];

    protected override IStripeTransport Create(IOptions<StripeOptions> options, StripeKeyRule keys, TimeProvider time)
    {
        var transport = new StripeNetTransport(options, keys, time);
        _made.Add(transport);
        return transport;
    }

    /// <summary>The capture itself, taken again: by the package that is used here, whichever it is.</summary>
    [Fact]
    public async Task Invariant_29_The_capture_is_what_Stripes_own_client_sends()
    {
        await using var stripe = StripeListener.Start();
        stripe.Answers(200, """{"object":"billing.meter_event"}""");
        var client = new StripeClient("sk_test_abc", apiBase: stripe.Address.GetLeftPart(UriPartial.Authority));

        await client.V1.Billing.MeterEvents.CreateAsync(
            new()
            {
                EventName = "gen_seconds",
                Identifier = "gen:a b|é~*'()_-.1",
                Payload = new() { ["stripe_customer_id"] = "cus_1", ["value"] = "12" },
                Timestamp = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000).UtcDateTime,
            },
            new() { IdempotencyKey = "idem:1", StripeAccount = "acct_9" });

        var heard = Assert.Single(stripe.Heard);
        Assert.Equal(CapturedEvent, heard.BodyText);
        Assert.Equal(new StripeOptions().ApiVersion, heard.Header("Stripe-Version"));
    }

    public void Dispose() => _made.ForEach(transport => transport.Dispose());
}
