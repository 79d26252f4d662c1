using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Billing.Stripe;

public class StripeKeyRuleTests
{
    [Theory]
    // key                  address                        test mode  allowed
    [InlineData("sk_live_1", "https://api.stripe.com",      false,     true)]
    [InlineData("rk_live_1", "https://api.stripe.com/",     false,     true)]
    [InlineData("rk_live_1", "https://API.Stripe.com:443",  false,     true)]
    [InlineData("sk_test_1", "https://api.stripe.com",      false,     true)]
    [InlineData("sk_test_1", "https://api.stripe.com",      true,      true)]
    [InlineData("rk_test_1", "http://127.0.0.1:12111",      true,      true)]
    [InlineData("sk_test_1", "http://127.0.0.1:12111",      false,     true)]
    [InlineData("sk_live_1", "https://api.stripe.com",      true,      false)]
    [InlineData("rk_live_1", "https://api.stripe.com",      true,      false)]
    [InlineData("sk_org_live_1", "https://api.stripe.com",  true,      false)]
    [InlineData("sk_live_1", "http://api.stripe.com",       false,     false)]
    [InlineData("sk_live_1", "https://api.stripe.com:8443", false,     false)]
    [InlineData("sk_live_1", "https://api.stripe.com.",     false,     false)]
    [InlineData("sk_live_1", "https://api.stripe.com.x.io", false,     false)]
    [InlineData("sk_live_1", "https://x@api.stripe.com",    false,     false)]
    [InlineData("sk_live_1", "https://api-stripe.com",      false,     false)]
    [InlineData("sk_live_1", "https://files.stripe.com",    false,     false)]
    [InlineData("sk_live_1", "http://127.0.0.1:12111",      false,     false)]
    [InlineData("SK_LIVE_1", "http://127.0.0.1:12111",      false,     false)]
    [InlineData(" sk_live_1", "https://api.stripe.com",     false,     false)]
    [InlineData("sk_test_1 sk_live_1", "http://127.0.0.1",  false,     false)]
    [InlineData("pk_test_1", "https://api.stripe.com",      false,     false)]
    [InlineData("whsec_1", "https://api.stripe.com",        false,     false)]
    [InlineData("", "https://api.stripe.com",               false,     false)]
    public void Invariant_28_A_live_key_goes_to_Stripe_alone_and_never_from_a_test_environment(string key, string address, bool testMode, bool allowed)
    {
        var refusal = new StripeKeyRule(new Uri(address), testMode).Refusal(new Secret(key));

        Assert.Equal(allowed, refusal is null);
    }

    [Theory]
    // environment         said    test
    [InlineData("Production", null,  false)]
    [InlineData("Production", false, false)]
    [InlineData("Production", true,  true)]
    [InlineData("Development", null, true)]
    [InlineData("Development", false, true)]
    [InlineData("Staging", null,     true)]
    [InlineData("Test", null,        true)]
    [InlineData("eu-1", null,        true)]
    [InlineData("eu-1", false,       false)]
    public void Invariant_28_An_environment_is_for_tests_unless_it_is_Production_or_says_that_it_is_not(string environment, bool? said, bool test) =>
        Assert.Equal(test, StripeKeyRule.IsTest(said, new Surroundings(environment)));

    [Theory]
    [InlineData("Production", "sk_live_51Habcdefghijklmnop", "https://api.stripe.com", null, null)]
    [InlineData("Development", "sk_test_51Habcdefghijklmnop", "http://127.0.0.1:12111", null, null)]
    [InlineData("Development", "sk_live_51Habcdefghijklmnop", "https://api.stripe.com", null, "Stripe:ApiKey may not be used.")]
    [InlineData("Production", "sk_live_51Habcdefghijklmnop", "https://api.stripe.com", "true", "Stripe:ApiKey may not be used.")]
    [InlineData("Production", "sk_live_51Habcdefghijklmnop", "http://127.0.0.1:12111", null, "Stripe:ApiKey may not be used.")]
    [InlineData("Development", "sk_test_51Habcdefghijklmnop", "https://api.stripe.com", "false", "Stripe:TestMode is false in the environment Development")]
    [InlineData("Production", "", "https://api.stripe.com/v1", null, "Stripe:BaseAddress must be")]
    [InlineData("Production", "", "ftp://api.stripe.com", null, "Stripe:BaseAddress must be")]
    [InlineData("Production", "", "https://x@api.stripe.com", null, "Stripe:BaseAddress must be")]
    public void Invariant_28_A_wrong_key_or_address_stops_the_process_at_its_start_in_a_sentence_without_the_key(
        string environment, string key, string address, string? testMode, string? sentence)
    {
        var failure = Record.Exception(() => Start(environment, ("ApiKey", key), ("BaseAddress", address), ("TestMode", testMode)));

        if (sentence is null)
            Assert.Null(failure);
        else
            Assert.Contains(sentence, Assert.IsType<OptionsValidationException>(failure).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("51Habc", $"{failure}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApiVersion", "latest", "Stripe:ApiVersion must be")]
    [InlineData("Timeout", "00:05:00", "Stripe:Timeout must be")]
    [InlineData("WebhookSecrets:0", "sk_test_51Habcdefghijklmnop", "Stripe:WebhookSecrets:0 is not a signing secret")]
    public void Other_values_that_cannot_work_stop_it_too(string name, string value, string sentence)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Start("Production", (name, value)));

        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("51Habc", $"{failure}", StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_section_there_is_Stripe_itself_and_no_key()
    {
        var options = Start("Production");

        Assert.Equal((new Uri("https://api.stripe.com"), "2026-07-29.dahlia", TimeSpan.FromSeconds(20)), (options.BaseAddress, options.ApiVersion, options.Timeout));
        Assert.True(options.ApiKey.IsEmpty);
        Assert.Empty(options.Validate(new ValidationContext(options)));
    }

    private static StripeOptions Start(string environment, params (string Name, string? Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Where(setting => setting.Value is not null).ToDictionary(setting => $"Stripe:{setting.Name}", setting => setting.Value))
            .Build());
        services.AddSingleton<IHostEnvironment>(new Surroundings(environment));
        services.AddSingleton(TimeProvider.System);
        services.AddOptions<StripeOptions>().BindConfiguration("Stripe").ValidateDataAnnotations();
        services.AddStripe();
        using var provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<StripeMeterEvents>());
        return provider.GetRequiredService<IOptions<StripeOptions>>().Value;
    }

    private sealed class Surroundings(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public Microsoft.Extensions.FileProviders.IFileProvider ContentRootFileProvider { get; set; } = new Microsoft.Extensions.FileProviders.NullFileProvider();
    }
}
