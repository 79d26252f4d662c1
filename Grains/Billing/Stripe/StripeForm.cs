using System.Net;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>
/// Fields as Stripe's own clients write them into a body or a query: in the order given, a space as <c>+</c>, square brackets
/// as they are. Written once: whoever must send the same bytes again keeps the text.
/// </summary>
public static class StripeForm
{
    /// <summary>The text of these fields; those without a value are left out.</summary>
    public static string Encode(params IEnumerable<(string Name, string? Value)> fields) =>
        string.Join('&', fields.Where(field => field.Value is not null).Select(field => $"{Escape(field.Name)}={Escape(field.Value!)}"));

    /// <summary>One name or value, or one segment of a path.</summary>
    public static string Escape(string text) => WebUtility.UrlEncode(text)
        .Replace("%5B", "[", StringComparison.Ordinal)
        .Replace("%5D", "]", StringComparison.Ordinal);
}
