using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>The members of a message that the simulator cares about; null where a message has no such member, or is no JSON object.</summary>
/// <param name="Type">Its <c>type</c>.</param>
/// <param name="Seconds">Its <c>seconds</c> as they stand, whatever they are.</param>
/// <param name="Reason">Its <c>reason</c>.</param>
/// <param name="PromptJson">Its <c>prompt</c> as it stands, quotes and escapes included.</param>
/// <param name="Prompt">Its <c>prompt</c> as text.</param>
internal sealed record Signal(string? Type, string? Seconds = null, string? Reason = null, string? PromptJson = null, string? Prompt = null)
{
    /// <summary>No such member at all.</summary>
    public static Signal Nothing { get; } = new(Type: null);

    /// <summary>
    /// The count in whole milliseconds, cut off; null unless it is a plain non-negative number of at most 2^53 ms. This is the
    /// oracle's own reading and shares no code with the meter that is compared with it.
    /// </summary>
    public long? Milliseconds =>
        decimal.TryParse(Seconds, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and <= (1L << 53) / 1000m ? (long)(seconds * 1000) : null;

    /// <summary>Reads the top level of a message.</summary>
    public static Signal Read(ReadOnlySpan<byte> message)
    {
        var found = Nothing;
        var reader = new Utf8JsonReader(message);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return Nothing;

            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
                found = ReadMember(ref reader, message, found);
        }
        catch (JsonException)
        {
            return Nothing;
        }
        return found;
    }

    private static Signal ReadMember(ref Utf8JsonReader reader, ReadOnlySpan<byte> message, Signal found)
    {
        var member = reader.ValueTextEquals("type"u8) ? 't'
            : reader.ValueTextEquals("seconds"u8) ? 's'
            : reader.ValueTextEquals("reason"u8) ? 'r'
            : reader.ValueTextEquals("prompt"u8) ? 'p' : ' ';
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var text = member is 't' or 'r' or 'p' ? TextOf(ref reader) : null;
        reader.Skip();
        if (member is ' ')
            return found;

        var json = Encoding.UTF8.GetString(message[start..(int)reader.BytesConsumed]);
        return member switch
        {
            't' => found with { Type = text },
            's' => found with { Seconds = json },
            'r' => found with { Reason = text },
            _   => found with { PromptJson = json, Prompt = text },
        };
    }

    private static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is JSON, but no text; the prompt is still repeated as it came.
            return null;
        }
    }
}
