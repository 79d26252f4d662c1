using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>How we reach Stripe. Section <c>Stripe</c>; a wrong value stops the process at its start.</summary>
public sealed partial class StripeOptions : IValidatableObject
{
    /// <summary>Where requests go. Default: Stripe. Anything else takes test keys alone.</summary>
    public Uri BaseAddress { get; init; } = StripeKeyRule.Stripe;

    /// <summary>The version our requests are written for. Default: the one they were captured with.</summary>
    public string ApiVersion { get; init; } = "2026-07-29.dahlia";

    /// <summary>The platform's own key. Default: none; then only tenants with a key of their own export.</summary>
    public Secret ApiKey { get; init; } = new("");

    /// <summary>What Stripe signs its notifications with; two while one replaces the other. Default: none, and every notification is refused.</summary>
    public IList<Secret> WebhookSecrets { get; init; } = [];

    /// <summary>How long an answer may take. Default: 20 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Whether this is an installation for tests, which refuses live keys. Default: unless the host's environment is Production.</summary>
    public bool? TestMode { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BaseAddress is not { IsAbsoluteUri: true, Scheme: "http" or "https", PathAndQuery: "/", Fragment: "", UserInfo: "" })
            yield return new("Stripe:BaseAddress must be an http:// or https:// address of a host alone, such as https://api.stripe.com.");
        if (!Version().IsMatch(ApiVersion))
            yield return new("Stripe:ApiVersion must be a date and a train, such as 2026-07-29.dahlia; without one the account's default decides what our requests mean.");
        if (Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromSeconds(80))
            yield return new("Stripe:Timeout must be from 00:00:01 to 00:01:20; a lane sends nothing else while it waits.");
        for (var i = 0; i < WebhookSecrets.Count; i++)
        {
            if (!WebhookSecrets[i].Reveal().StartsWith("whsec_", StringComparison.Ordinal))
                yield return new($"Stripe:WebhookSecrets:{i} is not a signing secret; one begins with whsec_, and without it notifications are refused.");
        }
    }

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\.[a-z]+\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Version();
}
