using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>Settings as JSON objects: what differs between two, and what undoes that. A member that is not there is the same as one that is null.</summary>
internal static class SettingsTree
{
    private const string Kind = "type";

    /// <summary>What differs, as it is now and nested as it stands; null for what is gone.</summary>
    public static JsonObject Difference(JsonObject was, JsonObject now)
    {
        var difference = new JsonObject();
        foreach (var name in was.Select(member => member.Key).Union(now.Select(member => member.Key), StringComparer.Ordinal).ToList())
        {
            var (before, after) = (was[name], now[name]);
            if (JsonNode.DeepEquals(before, after))
                continue;
            if (before is not JsonObject from || after is not JsonObject to)
                difference[name] = after?.DeepClone();
            else if (Difference(from, to) is { Count: > 0 } nested)
                difference[name] = nested;
        }

        return difference;
    }

    /// <summary>What stood where these differ: laid over them, it undoes them.</summary>
    public static JsonObject Undo(JsonObject difference, JsonObject was)
    {
        var undone = new JsonObject();
        foreach (var (name, value) in difference)
            undone[name] = value is JsonObject below && was[name] is JsonObject before ? Undo(below, before) : was[name]?.DeepClone();
        return undone;
    }

    /// <summary>Takes the part at a path out of a difference, or what replaced it from above; null when it is not among what differs.</summary>
    public static JsonObject? Take(JsonObject difference, ReadOnlySpan<string> steps)
    {
        if (!difference.TryGetPropertyValue(steps[0], out var value))
            return null;
        if (steps.Length == 1 || value is not JsonObject below)
        {
            difference.Remove(steps[0]);
            return new JsonObject { [steps[0]] = value };
        }

        if (Take(below, steps[1..]) is not { } taken)
            return null;
        if (below.Count == 0)
            difference.Remove(steps[0]);
        return new JsonObject { [steps[0]] = taken };
    }

    /// <summary>Takes out of a difference what somebody asked for who may.</summary>
    public static void Forgive(JsonObject difference, JsonObject asked, JsonObject was)
    {
        foreach (var (name, wish) in asked)
        {
            if (!difference.TryGetPropertyValue(name, out var now))
                continue;
            // What is of another kind from now on has other members, which are the provider's to set.
            if (wish is JsonObject kind && now is JsonObject of && kind[Kind] is { } asksFor && of[Kind] is { } became && Covers(asksFor, became))
                difference.Remove(name);
            else if (wish is JsonObject wishes && now is JsonObject below && was[name] is JsonObject before)
            {
                Forgive(below, wishes, before);
                if (below.Count == 0)
                    difference.Remove(name);
            }
            else if (Covers(wish, now))
            {
                difference.Remove(name);
            }
        }
    }

    /// <summary>What was asked for and is not so.</summary>
    public static JsonObject Missing(JsonObject asked, JsonObject now)
    {
        var missing = new JsonObject();
        foreach (var (name, wish) in asked)
        {
            if (wish is JsonObject wishes && now[name] is JsonObject below)
            {
                if (Missing(wishes, below) is { Count: > 0 } nested)
                    missing[name] = nested;
            }
            else if (!Covers(wish, now[name]))
            {
                missing[name] = wish?.DeepClone();
            }
        }

        return missing;
    }

    /// <summary>Whether what is there is what was asked for, with what a provider adds to it. What was cleared is as the provider has it then.</summary>
    public static bool Covers(JsonNode? asked, JsonNode? now) => asked switch
    {
        null or JsonArray { Count: 0 } => true,
        JsonObject wishes              => now is JsonObject below && wishes.All(wish => Covers(wish.Value, below[wish.Key])),
        JsonArray list                 => now is JsonArray other && other.Count == list.Count && list.Zip(other).All(pair => Covers(pair.First, pair.Second)),
        _                              => JsonNode.DeepEquals(asked, now) || (TextOf(asked) is { } text && (text.Length == 0 || text == TextOf(now))),
    };

    /// <summary>A text without the spaces around it, which providers take away.</summary>
    private static string? TextOf(JsonNode? node) => node?.GetValueKind() is JsonValueKind.String ? node.GetValue<string>().Trim() : null;
}
