using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Stripe;

namespace Orchestrator.Tests.Billing.Stripe;

public sealed class HttpClientStripeTransportTests : StripeTransportTests, IDisposable
{
    private readonly List<HttpClientStripeTransport> _made = [];

    protected override IStripeTransport Create(IOptions<StripeOptions> options, StripeKeyRule keys, TimeProvider time)
    {
        var transport = new HttpClientStripeTransport(options, keys, time);
        _made.Add(transport);
        return transport;
    }

    public void Dispose() => _made.ForEach(transport => transport.Dispose());
}
