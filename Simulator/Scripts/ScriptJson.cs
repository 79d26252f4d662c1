using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Simulator.Scripts;

/// <summary>
/// The JSON form of a script: <c>{"steps": [...], "automatic": ["offers", ...], "refuses": "forbidden"}</c>, of which the
/// last two may be left out, or just the list of steps. README.md shows every step.
/// </summary>
public static class ScriptJson
{
    /// <summary>How this project writes JSON: snake case, durations in seconds, nothing escaped that need not be.</summary>
    public static JsonSerializerOptions Options { get; } = Configure(new(JsonSerializerDefaults.Web));

    /// <summary>Reads a script. Throws a <see cref="JsonException"/> whose message says what is wrong.</summary>
    public static Script Parse(string json) => Check(JsonSerializer.Deserialize<Script>(json, Options));

    /// <summary>Writes a script; <see cref="Parse"/> gives an equal one back.</summary>
    public static string ToJson(this Script script) => JsonSerializer.Serialize(script, Options);

    internal static Script Check(Script? script) => script switch
    {
        null                                                       => throw new JsonException("A script is an object or a list of steps."),
        _ when ScriptRules.FirstProblem(script) is { } problem => throw new JsonException(problem),
        _                                                          => script,
    };

    internal static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.AllowOutOfOrderMetadataProperties = true;
        // A misspelt member would play another script than its author meant.
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new ScriptConverter());
        options.Converters.Add(new SecondsConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return options;
    }

    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TryGetDecimal(out var seconds) && Math.Abs(seconds) < 1_000_000_000
                ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
                : throw new JsonException("A duration is a number of seconds.");

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue((decimal)value.Ticks / TimeSpan.TicksPerSecond);
    }

    private sealed class ScriptConverter : JsonConverter<Script>
    {
        private sealed record Shape(ImmutableArray<Step> Steps, ImmutableArray<AutomaticReplies>? Automatic = null, string? Refuses = "forbidden");

        public override Script Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is JsonTokenType.StartArray)
                return Script.Begin with { Steps = JsonSerializer.Deserialize<ImmutableArray<Step>>(ref reader, options) };

            var shape = JsonSerializer.Deserialize<Shape>(ref reader, options) ?? throw new JsonException("A script is an object or a list of steps.");
            var automatic = shape.Automatic?.Aggregate(AutomaticReplies.None, (all, one) => all | one) ?? AutomaticReplies.All;
            return new() { Steps = shape.Steps, Automatic = automatic, Refuses = shape.Refuses };
        }

        public override void Write(Utf8JsonWriter writer, Script value, JsonSerializerOptions options)
        {
            AutomaticReplies[] single = [AutomaticReplies.Offers, AutomaticReplies.Prompts, AutomaticReplies.Images, AutomaticReplies.LiveKit];
            ImmutableArray<AutomaticReplies> automatic = [.. single.Where(one => value.Automatic.HasFlag(one))];
            JsonSerializer.Serialize(writer, new Shape(value.Steps, automatic, value.Refuses), options);
        }
    }
}
