using System.Text.Json;

namespace Orchestrator.Grains.Providers;

/// <summary>Reads a frame's top level in place, with no object built for it.</summary>
internal static class FrameReader
{
    /// <summary>The deepest nesting that is looked into; a deeper frame is passed on as one that means nothing.</summary>
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>
    /// Whether the frame is a JSON object with a string <c>type</c>; the reader then stands on its value. The rest of the
    /// frame is not looked at, so what follows may be malformed.
    /// </summary>
    public static bool TryReadType(ReadOnlySpan<byte> frame, out Utf8JsonReader reader)
    {
        reader = new Utf8JsonReader(frame, Options);
        // Most of what is not ours does not begin like an object, and is let go before a parser can complain.
        if (frame.IsEmpty || frame[0] is not ((byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            return false;

        try
        {
            while (TryReadProperty(ref reader))
            {
                if (reader.ValueTextEquals("type"u8))
                    return reader.Read() && reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Not JSON: not ours to judge.
        }

        return false;
    }

    /// <summary>Moves on to the next property name of the top level; false at its end, or when the frame is no object.</summary>
    public static bool TryReadProperty(ref Utf8JsonReader reader) =>
        reader.Read()
        && (reader.TokenType != JsonTokenType.StartObject || reader.CurrentDepth > 0 || reader.Read())
        && reader.TokenType == JsonTokenType.PropertyName;
}
