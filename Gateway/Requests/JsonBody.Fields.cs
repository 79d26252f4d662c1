using System.Globalization;
using System.Text.Json;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Requests;

/// <content>What a field may be. Each answers null for one that is absent, null or wrong.</content>
internal sealed partial class JsonBody
{
    /// <summary>A line of text that holds no control characters and no credential: it will be shown and kept.</summary>
    public string? Text(string name, int max, bool required = false)
    {
        if (!TryGet(name, required, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String && Decoded(value) is { Length: > 0 } text && text.Length <= max
            && !text.Any(char.IsControl) && !CredentialText.IsIn(text))
        {
            return text;
        }

        Wrong(name, $"must be a text of 1 to {max} characters on one line, without a credential");
        return null;
    }

    /// <summary>A whole number.</summary>
    public long? Whole(string name, long min, long max, bool required = false)
    {
        if (!TryGet(name, required, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max)
            return number;
        Wrong(name, $"must be a whole number from {min} to {max}");
        return null;
    }

    /// <summary>A number with up to six decimals.</summary>
    public decimal? Number(string name, decimal min, decimal max, bool required = false)
    {
        if (!TryGet(name, required, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= min && number <= max && decimal.Round(number, 6) == number)
            return number;
        Wrong(name, FormattableString.Invariant($"must be a number from {min} to {max} with up to six decimals"));
        return null;
    }

    /// <summary>Whole numbers, each once.</summary>
    public IReadOnlyList<long>? Wholes(string name, int maxItems, long min, long max)
    {
        if (!TryGet(name, required: false, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.Array && value.GetArrayLength() <= maxItems)
        {
            var numbers = value.EnumerateArray()
                .Select(item => item.ValueKind is JsonValueKind.Number && item.TryGetInt64(out var number) && number >= min && number <= max ? number : (long?)null)
                .OfType<long>().Distinct().ToList();
            if (numbers.Count == value.GetArrayLength())
                return numbers;
        }

        Wrong(name, $"must be a list of at most {maxItems} different whole numbers from {min} to {max}");
        return null;
    }

    /// <summary>Texts as <see cref="Text"/> reads one.</summary>
    public IReadOnlyList<string>? Texts(string name, int maxItems, int max)
    {
        if (!TryGet(name, required: false, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.Array && value.GetArrayLength() <= maxItems)
        {
            var texts = value.EnumerateArray().Select(item => item.ValueKind is JsonValueKind.String ? Decoded(item) : null).ToList();
            if (texts.TrueForAll(text => text is { Length: > 0 } && text.Length <= max && !text.Any(char.IsControl) && !CredentialText.IsIn(text)))
                return texts!;
        }

        Wrong(name, $"must be a list of at most {maxItems} texts of 1 to {max} characters on one line, without a credential");
        return null;
    }

    /// <summary>An object of texts, as <see cref="Text"/> reads one, by name.</summary>
    /// <param name="name">The field.</param>
    /// <param name="maxItems">The most of them.</param>
    /// <param name="max">The longest, in characters.</param>
    /// <param name="whyNot">Why that text cannot stand under that name, or null.</param>
    public IReadOnlyDictionary<string, string>? TextsByName(string name, int maxItems, int max, Func<string, string, string?> whyNot)
    {
        if (!TryGet(name, required: false, out var value))
            return null;
        if (value.ValueKind is not JsonValueKind.Object || value.EnumerateObject().Count() > maxItems)
        {
            Wrong(name, $"must be an object of at most {maxItems} texts");
            return null;
        }

        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            var text = member.Value.ValueKind is JsonValueKind.String ? Decoded(member.Value) : null;
            var wrong = text is null || text.Length > max || CredentialText.IsIn(text)
                ? $"must be a text of 1 to {max} characters, without a credential"
                : whyNot(member.Name, text);
            if (wrong is null)
                texts[member.Name] = text!;
            else
                Wrong(member.Name.Length <= 100 ? $"{name}.{member.Name}" : name, wrong);
        }

        return texts;
    }

    /// <summary>An instant with its offset, kept to the microsecond.</summary>
    public DateTimeOffset? Instant(string name)
    {
        if (!TryGet(name, required: false, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String && Instants.TryParse(Decoded(value), out var instant))
            return instant;
        Wrong(name, $"must be an instant such as {Instants.Example}");
        return null;
    }

    /// <summary>A tenant's id.</summary>
    public TenantId? Tenant(string name)
    {
        if (!TryGet(name, required: false, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.String && Guid.TryParseExact(Decoded(value), "N", out var id))
            return new TenantId(id);
        Wrong(name, "must be the id of a tenant");
        return null;
    }

    /// <summary>One of a few words, as the API writes them.</summary>
    public T? OneOf<T>(string name, bool required, params IReadOnlyList<T> allowed) where T : struct, Enum
    {
        if (!TryGet(name, required, out var value))
            return null;
        var text = value.ValueKind is JsonValueKind.String ? Decoded(value) : null;
        foreach (var one in allowed)
        {
            if (WordOf(one) == text)
                return one;
        }

        Wrong(name, $"must be one of {string.Join(", ", allowed.Select(WordOf))}");
        return null;
    }

    /// <summary>How the API writes such a value.</summary>
    public static string WordOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Half of a surrogate pair is no text.</summary>
    private static string? Decoded(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>Instants as callers write them.</summary>
internal static class Instants
{
    /// <summary>How one is written.</summary>
    public const string Example = "2026-01-31T12:00:00Z";

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Reads a day, which is its first instant in UTC, or an instant with its offset; cut off to the microsecond.</summary>
    public static bool TryParse(string? text, out DateTimeOffset instant)
    {
        var read = DateTimeOffset.TryParseExact(
            text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant) && instant.Year is >= 2000 and < 10_000;
        instant = read ? instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond)) : default;
        return read;
    }
}
