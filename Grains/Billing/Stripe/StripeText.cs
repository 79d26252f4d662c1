using System.Text.RegularExpressions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Words of Stripe's on their way into our books: bounded, printable, and without what looks like a credential.</summary>
public static partial class StripeText
{
    /// <summary>The text with every credential in it starred out: Stripe repeats a key that it refuses, masked or not.</summary>
    public static string Clean(string text, int maxLength = 500) => Printable.Of(Credential().Replace(text, "***"), maxLength);

    // A bare sk_ counts at the start of a word alone: there are risk_score and task_id.
    [GeneratedRegex(
        @"(?:whsec|[srp]k_(?:test|live|org)|(?<![a-z0-9])[srpeu]k)_[a-z0-9_*.\u2026-]+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Credential();
}
