using System.Buffers.Text;
using System.Text.Json;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Billing;

/// <summary>What a question about usage asks for, checked.</summary>
/// <param name="Groups">What to group by.</param>
/// <param name="Span">When.</param>
/// <param name="After">The values of the last group that was told, or null.</param>
/// <param name="Limit">How many groups.</param>
/// <param name="IsCsv">Whether a table is wanted instead of JSON.</param>
internal sealed record UsageRequest(IReadOnlyList<UsageGroup> Groups, Span Span, IReadOnlyList<string>? After, int Limit, bool IsCsv)
{
    /// <summary>The most groups that one answer tells.</summary>
    public const int MaxRows = 1_000;

    private const int MaxCursor = 4_000;

    /// <summary>Reads the query; what is wrong is in <paramref name="errors"/>.</summary>
    public static UsageRequest? Read(HttpRequest request, DateTimeOffset now, Dictionary<string, string> errors)
    {
        var query = request.Query;
        var groups = ReadGroups(query["group_by"], errors);
        var span = Span.Read(query["from"], query["to"], now, errors);
        var after = Cursor(query["after"], groups.Count, errors);
        var limit = int.TryParse(query["limit"].FirstOrDefault() ?? "200", out var number) && number is >= 1 and <= MaxRows ? number : 0;
        if (limit == 0)
            errors["limit"] = $"must be from 1 to {MaxRows}";
        var format = query["format"].FirstOrDefault();
        if (format is not (null or "csv" or "json"))
            errors["format"] = "must be one of csv, json";
        var isCsv = format is null ? request.GetTypedHeaders().Accept is [{ MediaType.Value: "text/csv" }, ..] : format == "csv";
        return errors.Count == 0 ? new UsageRequest(groups, span!.Value, after, limit, isCsv) : null;
    }

    /// <summary>The values of a group as a cursor.</summary>
    public static string CursorOf(IReadOnlyList<string> keys) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(keys));

    /// <summary>How a group is called in the query and in the answer.</summary>
    public static string NameOf(UsageGroup group) => JsonBody.WordOf(group);

    private static List<UsageGroup> ReadGroups(string? text, Dictionary<string, string> errors)
    {
        var all = Enum.GetValues<UsageGroup>().ToDictionary(NameOf, StringComparer.Ordinal);
        var names = string.IsNullOrEmpty(text) ? [] : text.Split(',');
        if (names.Length <= all.Count && names.Distinct(StringComparer.Ordinal).Count() == names.Length && names.All(all.ContainsKey))
            return [.. names.Select(name => all[name])];
        errors["group_by"] = $"must name each at most once of {string.Join(", ", all.Keys)}";
        return [];
    }

    private static IReadOnlyList<string>? Cursor(string? text, int groups, Dictionary<string, string> errors)
    {
        if (text is null)
            return null;
        try
        {
            if (text.Length <= MaxCursor && Base64Url.IsValid(text) && JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text)) is { } keys
                && keys.Length == groups && groups > 0 && Array.TrueForAll(keys, key => key is not null && !key.Contains('\0', StringComparison.Ordinal)))
            {
                return keys;
            }
        }
        catch (JsonException)
        {
            // No cursor of ours.
        }

        errors["after"] = "must be what an answer to the same question said comes next";
        return null;
    }
}
