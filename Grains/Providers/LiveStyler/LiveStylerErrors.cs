using System.Text;
using System.Text.Json;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>
/// The provider's two known failures of an offer. The shape of the frame that holds them is not documented, so they are looked for
/// in every text of a frame that is otherwise not known.
/// </summary>
internal static class LiveStylerErrors
{
    /// <summary>A longer frame is no error message.</summary>
    private const int MaxFrame = 16 * 1024;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    private static readonly (byte[] Utf8, string Text)[] Known = [.. new[]
    {
        "Maximum pool size reached. Cannot assign a new node.",
        "Failed to start a stopped node.",
    }.Select(text => (Encoding.UTF8.GetBytes(text), text))];

    /// <summary>The known failure that the frame tells of; null when it tells of none. Never throws.</summary>
    public static string? Find(ReadOnlySpan<byte> frame)
    {
        if (frame.Length > MaxFrame)
            return null;
        // As a rule no byte of it is escaped, and one scan tells; names of members are looked at too, which does no harm.
        return Of(frame) ?? FindEscaped(frame);
    }

    private static string? FindEscaped(ReadOnlySpan<byte> frame)
    {
        // No text of JSON is escaped without one.
        if (!frame.Contains((byte)'\\'))
            return null;
        Span<byte> text = stackalloc byte[1024];
        var reader = new Utf8JsonReader(frame, Options);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not JsonTokenType.String || !reader.ValueIsEscaped || reader.ValueSpan.Length > text.Length)
                    continue;
                if (Of(text[..reader.CopyString(text)]) is { } found)
                    return found;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or with text that is no Unicode: not one of theirs.
        }

        return null;
    }

    private static string? Of(ReadOnlySpan<byte> utf8)
    {
        foreach (var (bytes, text) in Known)
        {
            if (utf8.IndexOf(bytes) >= 0)
                return text;
        }

        return null;
    }
}
