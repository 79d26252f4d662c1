using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Grains.Providers;

/// <summary>Reads a frame's top level in place, with no object built for it.</summary>
internal static class FrameReader
{
    /// <summary>The deepest nesting that is looked into; a deeper frame is passed on as one that means nothing.</summary>
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>
    /// Whether the frame is a JSON object with a string <c>type</c>; the reader then stands on its value, which may be compared
    /// with any text. The rest of the frame is not looked at, so what follows may be malformed.
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
                    return reader.Read() && reader.TokenType == JsonTokenType.String && IsText(reader);
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Not JSON: not ours to judge.
        }

        return false;
    }

    /// <summary>
    /// Moves on to the next property name of the top level, which may be compared with any text; one that holds half of a
    /// surrogate pair is passed over. False at the end, or when the frame is no object.
    /// </summary>
    public static bool TryReadProperty(ref Utf8JsonReader reader)
    {
        while (reader.Read()
            && (reader.TokenType != JsonTokenType.StartObject || reader.CurrentDepth > 0 || reader.Read())
            && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsText(reader))
                return true;
            reader.Skip();
        }

        return false;
    }

    /// <summary>
    /// Whether every escaped half of a surrogate pair has its other half. The reader takes them as JSON, but to compare or to
    /// read what holds a lone one throws.
    /// </summary>
    private static bool IsText(in Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return true;
        var left = reader.ValueSpan;
        while (left.IndexOf((byte)'\\') is var at and >= 0)
        {
            left = left[(at + 1)..];
            var unit = Unit(left);
            if (unit is null)
            {
                left = left[1..];
                continue;
            }

            left = left[5..];
            if (char.IsLowSurrogate(unit.Value))
                return false;
            if (!char.IsHighSurrogate(unit.Value))
                continue;
            if (left is not [(byte)'\\', ..] || Unit(left[1..]) is not { } low || !char.IsLowSurrogate(low))
                return false;
            left = left[6..];
        }

        return true;
    }

    /// <summary>The unit of an escape like <c>u00e9</c>; null for every other escape. The reader has checked that its digits are there.</summary>
    private static char? Unit(ReadOnlySpan<byte> escape) =>
        escape is [(byte)'u', ..] && ushort.TryParse(escape.Slice(1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : null;

    /// <summary>The text of a top-level member; null when there is none, or no text. Never throws.</summary>
    public static string? ReadText(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> name)
    {
        try
        {
            return TryReadMember(frame, name, out var reader) && reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Halves of pairs: no Unicode.
            return null;
        }
    }

    /// <summary>The text of a member of a top-level object; null when there is none, or no text. Never throws.</summary>
    public static string? ReadText(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> outer, ReadOnlySpan<byte> inner)
    {
        if (!TryReadMember(frame, outer, out var reader) || reader.TokenType is not JsonTokenType.StartObject)
            return null;
        try
        {
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isIt = IsText(reader) && reader.ValueTextEquals(inner);
                if (!reader.Read())
                    return null;
                if (isIt)
                    return reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or halves of pairs.
        }

        return null;
    }

    /// <summary>A top-level member that is an object, as it stands in the frame; null when there is none. Never throws.</summary>
    public static string? ReadObject(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> name)
    {
        if (!TryReadMember(frame, name, out var reader) || reader.TokenType is not JsonTokenType.StartObject)
            return null;
        try
        {
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            return Encoding.UTF8.GetString(frame[from..(int)reader.BytesConsumed]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What kind of value a top-level member is; null when there is none. Never throws.</summary>
    public static JsonTokenType? ReadToken(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> name) =>
        TryReadMember(frame, name, out var reader) ? reader.TokenType : null;

    private static bool TryReadMember(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> name, out Utf8JsonReader reader)
    {
        reader = new Utf8JsonReader(frame, Options);
        try
        {
            while (TryReadProperty(ref reader))
            {
                var isIt = reader.ValueTextEquals(name);
                if (!reader.Read())
                    return false;
                if (isIt)
                    return true;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Broken off.
        }

        return false;
    }
}
