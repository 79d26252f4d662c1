using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Simulator.Stripe.Contract;

/// <summary>What does not fit, in Stripe's words.</summary>
internal sealed record Misfit(string Message, string Param, string? Code = null);

/// <summary>Holds values against schemas. In a form every value is a string, so a number there is one that reads as a number.</summary>
internal sealed class ContractCheck(StripeContract contract, bool isForm)
{
    /// <summary>The first thing that does not fit, or null.</summary>
    public Misfit? Check(JsonNode? value, Schema schema) => Check(value, schema, "");

    private Misfit? Check(JsonNode? value, Schema schema, string at)
    {
        schema = contract.Resolve(schema);
        if (value is null)
            return schema.Nullable ? null : new($"Invalid value: {at} may not be null.", at);
        if (schema.AnyOf is { Count: > 0 } alternatives)
            return alternatives.Any(one => Check(value, one, at) is null) ? null : Check(value, alternatives[0], at);

        return schema.Type switch
        {
            "object"  => CheckObject(value, schema, at),
            "array"   => CheckArray(value, schema, at),
            "integer" => TryInteger(value) ? null : new($"Invalid integer: {Shown(value)}", at, "parameter_invalid_integer"),
            "number"  => value.GetValueKind() is JsonValueKind.Number ? null : new($"Invalid number: {Shown(value)}", at),
            "boolean" => IsBoolean(value) ? CheckEnum(value, schema, at) : new($"Invalid boolean: {Shown(value)}", at),
            "string"  => CheckString(value, schema, at),
            _         => null,
        };
    }

    private Misfit? CheckObject(JsonNode value, Schema schema, string at)
    {
        if (value is not JsonObject members)
            return new("Invalid object", at);
        foreach (var name in schema.Required)
            if (!members.ContainsKey(name))
                return new($"Missing required param: {Inside(at, name)}.", Inside(at, name), "parameter_missing");

        foreach (var (name, member) in members)
        {
            var inner = schema.Properties.TryGetValue(name, out var known) ? known : schema.Values;
            if (inner is null && schema.Closed)
                return new($"Received unknown parameter: {Inside(at, name)}", Inside(at, name), "parameter_unknown");
            if (inner is not null && Check(member, inner, Inside(at, name)) is { } misfit)
                return misfit;
        }

        return null;
    }

    private Misfit? CheckArray(JsonNode value, Schema schema, string at)
    {
        IEnumerable<JsonNode?>? elements = value switch
        {
            JsonArray array                => array,
            // Positions of a form: 0, 1, 2 and nothing between.
            JsonObject places when isForm && places.Select(place => place.Key).SequenceEqual(Enumerable.Range(0, places.Count).Select(i => $"{i}"))
                                           => places.Select(place => place.Value),
            _                              => null,
        };
        return elements is null
            ? new("Invalid array", at)
            : schema.Items is { } items ? elements.Select((element, i) => Check(element, items, Inside(at, $"{i}"))).FirstOrDefault(misfit => misfit is not null) : null;
    }

    private Misfit? CheckString(JsonNode value, Schema schema, string at)
    {
        if (value.GetValueKind() is not JsonValueKind.String)
            return new($"Invalid string: {Shown(value)}", at);

        var text = value.GetValue<string>();
        if (isForm && text.Length == 0)
            return new($"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter; however '{at}' cannot be unset.",
                at, "parameter_invalid_empty");
        if (schema.MaxLength is { } most && text.EnumerateRunes().Count() > most)
            return new($"Invalid string: {text[..Math.Min(text.Length, 20)]}...; must be at most {most} characters", at);
        if (schema.Format is "date-time" && !IsInstant(text))
            return new($"Invalid timestamp: {text}; must be of RFC 3339", at);
        return CheckEnum(value, schema, at);
    }

    private static Misfit? CheckEnum(JsonNode value, Schema schema, string at) =>
        schema.Enum is { } allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value))
            ? new($"Invalid {at}: must be one of {string.Join(", ", allowed.Select(one => one.ToString()))}", at)
            : null;

    private bool TryInteger(JsonNode value) => isForm
        ? value.GetValueKind() is JsonValueKind.String && long.TryParse(value.GetValue<string>(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
        : value.GetValueKind() is JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private bool IsBoolean(JsonNode value) =>
        isForm ? value.ToString() is "true" or "false" : value.GetValueKind() is JsonValueKind.True or JsonValueKind.False;

    private static bool IsInstant(string text) =>
        text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    private static string Inside(string at, string name) => at.Length == 0 ? name : $"{at}[{name}]";

    private static string Shown(JsonNode value) => value is JsonValue ? value.ToString() : value is JsonArray ? "a list" : "an object";
}
