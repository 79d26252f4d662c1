using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Stripe, for a host that has bound <see cref="StripeOptions"/>.</summary>
public static class StripeServices
{
    /// <summary>Our rules over the transport that needs no package, unless the host has added another before.</summary>
    public static IServiceCollection AddStripe(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<StripeOptions>, StripeKeyCheck>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StripeOptions>>().Value;
            return new StripeKeyRule(options.BaseAddress, StripeKeyRule.IsTest(options.TestMode, provider.GetRequiredService<IHostEnvironment>()));
        });
        services.TryAddSingleton<IStripeTransport, HttpClientStripeTransport>();
        services.AddSingleton<StripeMeterEvents>();
        return services;
    }
}
