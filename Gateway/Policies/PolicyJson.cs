using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Interfaces.Policies;

namespace Orchestrator.Gateway.Policies;

/// <summary>Reads policies as callers write them. Nothing is passed over: a field that is misspelt would let pass what it was to forbid.</summary>
internal static class PolicyJson
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        MaxDepth = 16,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Whether it may be the name of a policy.</summary>
    public static bool IsName(string? name) => name is { Length: > 0 and <= TenantPolicies.MaxNameLength }
        && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '_');

    /// <summary>Reads the policies of a tenant; what is wrong is added by its member. Secrets and addresses are not looked at.</summary>
    public static TenantPolicies? Read(JsonElement body, Dictionary<string, string> errors)
    {
        if (Parse<PoliciesBody>(body, prefix: null, errors) is not { } read)
            return null;
        if (read.Policy is { } policy)
            Check(policy, "policy.", errors);
        var named = read.Named ?? [];
        if (named.Count > TenantPolicies.MaxNamed)
            errors["named"] = $"must have at most {TenantPolicies.MaxNamed} items";
        for (var i = 0; i < named.Count && errors.Count < PolicyCheck.MaxItems; i++)
        {
            if (!IsName(named[i]?.Name))
                errors[$"named[{i}].name"] = $"must be 1 to {TenantPolicies.MaxNameLength} lower-case letters, digits, dashes and underscores";
            if (named[i]?.Policy is { } one)
                Check(one, $"named[{i}].policy.", errors);
            else
                errors[$"named[{i}].policy"] = "is required";
        }

        if (named.Select(one => one?.Name).Distinct(StringComparer.Ordinal).Count() < named.Count)
            errors["named"] = "must have each name once";
        return errors.Count == 0 ? new TenantPolicies(read.Policy, named) : null;
    }

    /// <summary>Reads the policy of a token. It has no moderation: a secret belongs to no token.</summary>
    public static FramePolicy? ReadInline(JsonElement value, string name, Dictionary<string, string> errors)
    {
        if (Parse<FramePolicy>(value, name, errors) is not { } policy)
            return null;
        Check(policy, $"{name}.", errors);
        if (policy.Moderation is not null)
            errors[$"{name}.moderation"] = "must stand in a policy of the tenant, which a token may name";
        return policy;
    }

    private static void Check(FramePolicy policy, string prefix, Dictionary<string, string> errors)
    {
        foreach (var flaw in PolicyCheck.FlawsOf(policy, prefix))
            errors[flaw.Member] = flaw.What;
    }

    private static T? Parse<T>(JsonElement value, string? prefix, Dictionary<string, string> errors) where T : class
    {
        try
        {
            if (value.Deserialize<T>(Strict) is { } read)
                return read;
            errors[prefix ?? "body"] = "must be an object";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is text that is no Unicode.
            errors[MemberOf((exception as JsonException)?.Path, prefix)] = "is not a field of a policy, or not of the kind that it must be";
        }

        return null;
    }

    /// <summary>As people write it: <c>$.texts[0].type</c> is <c>texts[0].type</c>.</summary>
    private static string MemberOf(string? path, string? prefix)
    {
        var member = path is { Length: > 2 and <= 200 } && path.StartsWith("$.", StringComparison.Ordinal) && !path.Contains('\'', StringComparison.Ordinal) ? path[2..] : null;
        return prefix is null ? member ?? "body" : member is null ? prefix : $"{prefix}.{member}";
    }
}

/// <summary>The policies of a tenant.</summary>
/// <param name="Policy">What counts for every session of it and of those below it.</param>
/// <param name="Named">At most 16 that its client tokens, and those of tenants below it, may name to be held to beside that.</param>
internal sealed record PoliciesBody(FramePolicy? Policy = null, IReadOnlyList<NamedPolicy>? Named = null);
