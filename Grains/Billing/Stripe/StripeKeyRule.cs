using System.Text.RegularExpressions;
using Microsoft.Extensions.Hosting;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// Which keys may be used here. A live key moves real money, so it goes to Stripe alone, and never from an installation for
/// tests. There and at any other address only a key that says it is for tests is used: an unknown kind is not taken for one.
/// </summary>
/// <param name="baseAddress">Where requests go.</param>
/// <param name="testMode">Whether this installation is one for tests.</param>
public sealed partial class StripeKeyRule(Uri baseAddress, bool testMode)
{
    /// <summary>Where a live key may go.</summary>
    public static readonly Uri Stripe = new("https://api.stripe.com");

    /// <summary>
    /// Whether the installation is one for tests: <c>Stripe:TestMode</c> says so, or does not say and the host's environment is
    /// not Production. Development always is, whatever is said.
    /// </summary>
    public static bool IsTest(bool? testMode, IHostEnvironment environment) =>
        environment.IsDevelopment() || (testMode ?? !environment.IsProduction());

    /// <summary>Why this key may not be used, in a sentence without it; null when it may.</summary>
    public string? Refusal(Secret key)
    {
        if (key.IsEmpty)
            return "There is no Stripe key.";
        if (!SecretKey().IsMatch(key.Reveal()))
            return "The Stripe key is none: one begins with sk_ or rk_ and has letters, digits and _ after that.";
        if (TestKey().IsMatch(key.Reveal()))
            return null;
        if (!IsStripe(baseAddress))
            return $"A Stripe key that is not for tests goes to {Stripe.GetLeftPart(UriPartial.Authority)} and nowhere else; another address is configured.";
        return testMode ? "A Stripe key that is not for tests is refused in a test environment: Stripe:TestMode says so, or the host's environment is not Production." : null;
    }

    private static bool IsStripe(Uri address) => address.Scheme == Stripe.Scheme && address.Host == Stripe.Host && address.Port == Stripe.Port && address.UserInfo.Length == 0;

    [GeneratedRegex(@"\A(?:sk|rk)_[A-Za-z0-9_]{1,250}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SecretKey();

    [GeneratedRegex(@"\A(?:sk|rk)_test_", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestKey();
}
