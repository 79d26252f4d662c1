using System.Text.Json;
using Orchestrator.Domain.Policies;
using Orchestrator.Gateway.Policies;

namespace Orchestrator.Gateway.Tenants;

/// <summary>What a back end asks of a token. Everything is optional; what it does not know is ignored, as the provider does.</summary>
/// <param name="ExpiresIn">How long the token opens sessions: 1 to 3,600 seconds, by default what the tenant's settings say, or 60.</param>
/// <param name="AllowedModels">At most 20 models, or null for all that the settings allow.</param>
/// <param name="AllowedOrigins">At most 20 origins, compared exactly, or null for any that the settings allow.</param>
/// <param name="MaxSessionDuration">How long a session may run, at least 10 seconds, or null for what the settings say.</param>
/// <param name="Metadata">A JSON object of at most 2,048 characters. Its <c>user_id</c> is the end user.</param>
internal sealed record ClientTokenRequest(
    TimeSpan? ExpiresIn, IReadOnlyList<string>? AllowedModels, IReadOnlyList<string>? AllowedOrigins, TimeSpan? MaxSessionDuration, string? Metadata)
{
    /// <summary>The most models or origins.</summary>
    public const int MaxItems = 20;

    /// <summary>The longest of them, in characters.</summary>
    public const int MaxItemLength = 200;

    /// <summary>The longest that a token opens sessions.</summary>
    public const int MaxExpiresIn = 3_600;

    /// <summary>The shortest limit of a session.</summary>
    public const int MinSessionDuration = 10;

    /// <summary>The longest limit of a session.</summary>
    public const int MaxSeconds = 86_400;

    private const int MaxMetadata = 2_048;
    private const int MaxPolicy = 2_048;
    private const int MaxExponentLength = 4;

    /// <summary>The name of a policy that its sessions are held to, beside what counts for all of the tenant's.</summary>
    public string? PolicyName { get; init; }

    /// <summary>A policy of its own instead, without moderation, of at most 2,048 characters.</summary>
    public FramePolicy? Policy { get; init; }

    /// <summary>What an empty request asks for.</summary>
    public static ClientTokenRequest Default { get; } = new(null, null, null, null, null);

    /// <summary>Reads and checks the body; all that is wrong is said at once, by field.</summary>
    public static (ClientTokenRequest? Request, IReadOnlyDictionary<string, string> Errors) Read(JsonElement body)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        if (body.ValueKind != JsonValueKind.Object)
            return (null, new Dictionary<string, string> { ["body"] = "must be a JSON object" });

        var expiresIn = Seconds(body, "expiresIn", 1, MaxExpiresIn, errors);
        var models = Strings(body, "allowedModels", errors);
        var origins = Strings(body, "allowedOrigins", errors);
        var metadata = Object(body, "metadata", errors);
        var duration = Nested(body, "constraints", errors) is { } constraints && Nested(constraints, "realtime", errors) is { } realtime
            ? Seconds(realtime, "maxSessionDuration", MinSessionDuration, MaxSeconds, errors)
            : null;
        var (name, policy) = PolicyOf(body, errors);
        return errors.Count > 0
            ? (null, errors)
            : (new ClientTokenRequest(expiresIn, models, origins, duration, metadata) { PolicyName = name, Policy = policy }, errors);
    }

    /// <summary>A name, or a policy.</summary>
    private static (string? Name, FramePolicy? Policy) PolicyOf(JsonElement parent, Dictionary<string, string> errors)
    {
        if (!TryGet(parent, "policy", out var value))
            return (null, null);
        if (value.ValueKind is JsonValueKind.String && value.GetString() is { } name && PolicyJson.IsName(name))
            return (name, null);
        if (value.ValueKind is JsonValueKind.Object && value.GetRawText().Length <= MaxPolicy)
            return (null, PolicyJson.ReadInline(value, "policy", errors));
        errors["policy"] = $"must be the name of a policy, or a policy of at most {MaxPolicy} characters";
        return (null, null);
    }

    private static TimeSpan? Seconds(JsonElement parent, string name, int min, int max, Dictionary<string, string> errors)
    {
        if (!TryGet(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var seconds) && seconds >= min && seconds <= max)
            return TimeSpan.FromSeconds(seconds);
        errors[name] = $"must be a whole number from {min} to {max}";
        return null;
    }

    private static IReadOnlyList<string>? Strings(JsonElement parent, string name, Dictionary<string, string> errors)
    {
        if (!TryGet(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MaxItems
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 and <= MaxItemLength }))
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        errors[name] = $"must be a list of at most {MaxItems} texts of at most {MaxItemLength} characters";
        return null;
    }

    /// <summary>A JSON object that is kept as it is; null when there is none, or it is too much.</summary>
    internal static string? Object(JsonElement parent, string name, Dictionary<string, string> errors)
    {
        if (!TryGet(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Object && value.GetRawText() is { Length: <= MaxMetadata } text && MayBeKept(value))
            return text;
        errors[name] = $"must be an object of at most {MaxMetadata} characters, of Unicode text without \\u0000 and numbers that a double holds";
        return null;
    }

    /// <summary>Whether the database takes it too: it refuses U+0000, halves of pairs and numbers of any length.</summary>
    private static bool MayBeKept(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().All(member => IsText(member.Name) && MayBeKept(member.Value)),
        JsonValueKind.Array  => value.EnumerateArray().All(MayBeKept),
        JsonValueKind.String => IsText(value.GetString()!),
        JsonValueKind.Number => value.TryGetDouble(out var number) && double.IsFinite(number) && ExponentLength(value.GetRawText()) <= MaxExponentLength,
        _                    => true,
    };

    private static int ExponentLength(string number) => number.IndexOfAny(['e', 'E']) is var at and >= 0 ? number.Length - at - 1 : 0;

    // Half a pair does not get this far: reading such a text throws.
    private static bool IsText(string text) => !text.Contains('\0', StringComparison.Ordinal);

    private static JsonElement? Nested(JsonElement parent, string name, Dictionary<string, string> errors)
    {
        if (!TryGet(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return value;
        errors[name] = "must be an object";
        return null;
    }

    private static bool TryGet(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
}
