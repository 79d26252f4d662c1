using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Grains.Providers.Labelling;

/// <summary>What to put in the place of a text.</summary>
/// <param name="name">The member it is the value of; empty for an item of a list.</param>
/// <param name="depth">How deep it stands; a member of the frame itself at 1.</param>
/// <param name="text">The text.</param>
/// <returns>Null to leave it.</returns>
public delegate string? InsteadOf(string name, int depth, string text);

/// <summary>Replaces texts of a JSON frame and leaves every other byte as it is.</summary>
public static class FrameRewriter
{
    // The frames go to programs, not into a page.
    private static readonly JavaScriptEncoder Plain = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>The frame with its texts replaced; null when none is, or when it is no JSON. Never throws.</summary>
    public static byte[]? Rewrite(ReadOnlySpan<byte> frame, InsteadOf instead)
    {
        var written = new ArrayBufferWriter<byte>(Math.Max(16, frame.Length));
        var copied = 0;
        try
        {
            var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = 64 });
            var name = "";
            while (reader.Read())
            {
                var isText = reader.TokenType is JsonTokenType.String;
                if (isText && instead(name, reader.CurrentDepth, TextOf(reader)) is { } text)
                {
                    written.Write(frame[copied..(int)reader.TokenStartIndex]);
                    written.Write(Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(text, Plain)}\""));
                    copied = (int)reader.BytesConsumed;
                }

                name = reader.TokenType is JsonTokenType.PropertyName ? TextOf(reader) : reader.TokenType is JsonTokenType.StartArray ? "" : name;
            }
        }
        catch (JsonException)
        {
            return null;
        }

        if (copied == 0)
            return null;
        written.Write(frame[copied..]);
        return written.WrittenSpan.ToArray();
    }

    private static string TextOf(in Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Halves of pairs: as it stands.
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }
}
