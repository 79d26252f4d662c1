using System.Text.Json;

namespace Orchestrator.Domain.Policies;

/// <summary>Reads the type of a frame so that nobody else can read another one from the same bytes.</summary>
public static class FrameType
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>Whether it is a type as all dialects have them: what may stand in a rule, and on a timeline.</summary>
    public static bool IsPlain(string? type) => type is { Length: > 0 and <= PolicyCheck.MaxTypeLength } && type.All(IsPlain);

    /// <summary>
    /// The bytes of the one top-level <c>type</c>. False for what is no object, has no text for a type, has two of them, or one that is
    /// written with escapes: a provider may read another one than we would.
    /// </summary>
    /// <remarks>
    /// What follows the type is searched for another one by two vectorised scans. Only where they find something is the rest parsed.
    /// </remarks>
    public static bool TryRead(ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> type)
    {
        var reader = new Utf8JsonReader(frame, Options);
        type = default;
        try
        {
            if (!TryFind(ref reader) || !reader.Read() || reader.TokenType is not JsonTokenType.String || reader.ValueIsEscaped)
                return false;
            type = reader.ValueSpan;
            var rest = frame[(int)reader.BytesConsumed..];
            return (rest.IndexOf("\"type\""u8) < 0 && rest.IndexOf((byte)'\\') < 0) || !TryFind(ref reader);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or too deep to look into; the second is a name that is no Unicode.
            return false;
        }
    }

    /// <summary>The bytes of the first top-level <c>type</c>, for a side that does not try to deceive us; empty when there is none.</summary>
    public static ReadOnlySpan<byte> First(ReadOnlySpan<byte> frame)
    {
        var reader = new Utf8JsonReader(frame, Options);
        try
        {
            return TryFind(ref reader) && reader.Read() && reader.TokenType is JsonTokenType.String ? reader.ValueSpan : default;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    /// <summary>Moves to the next top-level property named <c>type</c>; one whose name is escaped counts as one that cannot be read.</summary>
    private static bool TryFind(ref Utf8JsonReader reader)
    {
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.StartObject && reader.CurrentDepth == 0)
                continue;
            if (reader.TokenType is not JsonTokenType.PropertyName)
            {
                // Behind the object's end comes nothing: a second object is no frame, and throws.
                reader.Read();
                return false;
            }

            if (reader.ValueTextEquals("type"u8))
                return reader.ValueIsEscaped ? throw new JsonException() : true;
            reader.Read();
            reader.Skip();
        }

        return false;
    }

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-';
}
