using System.Globalization;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// The header's key: the identifier of the body and, once Stripe keeps answering from what it stored, how often it was changed.
/// </summary>
public static class StripeIdempotencyKey
{
    private const char Mark = '~';

    /// <summary>The key of a row whose key was changed this often; 0 at first.</summary>
    public static string Of(string identifier, int changes) => changes == 0 ? identifier : $"{identifier}{Mark}{changes}";

    /// <summary>The identifier behind a key, which older reports name in its place.</summary>
    public static string Identifier(string key) =>
        key.LastIndexOf(Mark) is var mark and > 0 && int.TryParse(key.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? key[..mark] : key;

    /// <summary>Whether an identifier can be told from the count behind it.</summary>
    public static bool Takes(string identifier) => !identifier.Contains(Mark, StringComparison.Ordinal);
}
