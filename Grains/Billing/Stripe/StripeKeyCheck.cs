using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Checks the platform's key at start; the environment it depends on is not of the section itself.</summary>
internal sealed class StripeKeyCheck(IHostEnvironment environment) : IValidateOptions<StripeOptions>
{
    public ValidateOptionsResult Validate(string? name, StripeOptions options)
    {
        if (options.TestMode is false && environment.IsDevelopment())
            return ValidateOptionsResult.Fail("Stripe:TestMode is false in the environment Development; start with another environment to use live keys.");
        if (options.ApiKey.IsEmpty || !options.BaseAddress.IsAbsoluteUri)
            return ValidateOptionsResult.Success;
        return new StripeKeyRule(options.BaseAddress, StripeKeyRule.IsTest(options.TestMode, environment)).Refusal(options.ApiKey) is { } refusal
            ? ValidateOptionsResult.Fail($"Stripe:ApiKey may not be used. {refusal}")
            : ValidateOptionsResult.Success;
    }
}
