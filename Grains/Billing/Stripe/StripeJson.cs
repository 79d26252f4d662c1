using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Members of an answer that may be missing, or be something else than they should.</summary>
internal static class StripeJson
{
    /// <summary>Reads what it holds; null when it is no JSON, or text in it is none.</summary>
    public static T? Read<T>(ReadOnlyMemory<byte> body, Func<JsonElement, T?> read) where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair is found only when the text is asked for, and then it is an invalid operation.
            return null;
        }
    }

    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } member ? member.GetString() : null;

    public static long? Number(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } member && member.TryGetInt64(out var number) ? number : null;

    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        DateTimeOffset.TryParse(element.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;

    /// <summary>In seconds since 1970, within the years that there are.</summary>
    public static DateTimeOffset? UnixInstant(this JsonElement element, string name) =>
        element.Number(name) is { } seconds and >= 0 and <= 253_402_300_799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } member ? member.EnumerateArray() : [];
}
