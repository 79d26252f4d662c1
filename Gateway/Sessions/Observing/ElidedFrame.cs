using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>
/// A frame as observers see it. The rule:
/// <list type="bullet">
/// <item>Of a JSON frame only texts are changed; all else stands as it passed, byte for byte.</item>
/// <item>Media is elided, its length told: <c>image_data</c> and <c>audio</c>; <c>delta</c> where the frame's type names audio; data
/// addresses; and every text of 256 characters and more that is nothing but Base64, wherever it stands.</item>
/// <item>Secrets are starred out: whatever stands in a member named like one (<c>credential</c>, <c>token</c>, <c>api_key</c>,
/// <c>client_secret</c>, <c>password</c> and their kin), so that who may read cannot enter a room or relay media in the client's
/// place; and what looks like a credential of ours, wherever it stands.</item>
/// <item>SDP and candidates stand as they are, with the ICE password: without the peer's own key it opens nothing.</item>
/// </list>
/// </summary>
internal static class ElidedFrame
{
    /// <summary>A text of nothing but Base64 is media from here on; ids and fingerprints are shorter.</summary>
    public const int LongestBase64 = 255;

    /// <summary>The most that is shown of a text that is no JSON, in characters.</summary>
    public const int LongestText = 1_024;

    private const int MaxDepth = 64;

    private static readonly FrozenSet<string> Media = new[] { "image_data", "audio" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Secrets = new[]
    {
        "credential", "credentials", "token", "access_token", "event_token", "api_key", "apikey", "x-api-key", "client_secret", "ephemeral_key", "secret",
        "password", "authorization",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="u8);

    /// <summary>The frame as JSON; null when it is none.</summary>
    public static string? Json(ReadOnlySpan<byte> frame)
    {
        var shown = new ArrayBufferWriter<byte>(Math.Max(16, frame.Length));
        try
        {
            Copy(frame, IsAudioDelta(frame), shown);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }

        return CredentialText.Redact(Encoding.UTF8.GetString(shown.WrittenSpan));
    }

    /// <summary>The beginning of a text that is no JSON.</summary>
    public static string Text(ReadOnlySpan<byte> frame)
    {
        if (IsBase64(frame))
            return Elided(frame.Length);
        // Redacted before it is cut, or half a credential would stay.
        var text = CredentialText.Redact(Encoding.UTF8.GetString(frame));
        return text.Length <= LongestText ? text : text[..LongestText];
    }

    private static void Copy(ReadOnlySpan<byte> frame, bool isAudioDelta, ArrayBufferWriter<byte> shown)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = MaxDepth });
        var copied = 0;
        var (name, secretAt) = ("", int.MaxValue);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = NameOf(reader);
                    if (secretAt == int.MaxValue && Secrets.Contains(name))
                        secretAt = reader.CurrentDepth;
                    break;
                case JsonTokenType.String when Instead(reader, name, isAudioDelta, isSecret: secretAt != int.MaxValue) is { } instead:
                    shown.Write(frame[copied..(int)reader.TokenStartIndex]);
                    shown.Write(Encoding.UTF8.GetBytes($"\"{instead}\""));
                    copied = (int)reader.BytesConsumed;
                    break;
            }

            // A secret lasts until its value is read, be that an object.
            if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.CurrentDepth <= secretAt)
                secretAt = int.MaxValue;
        }

        shown.Write(frame[copied..]);
    }

    private static string? Instead(in Utf8JsonReader text, string name, bool isAudioDelta, bool isSecret)
    {
        var value = text.ValueSpan;
        if (isSecret)
            return value.IsEmpty ? null : "***";
        var isMedia = Media.Contains(name) || (isAudioDelta && name == "delta") || value.StartsWith("data:"u8) || IsBase64(value);
        return isMedia && !value.IsEmpty ? Elided(value.Length) : null;
    }

    private static string Elided(int length) => $"[elided: {length} characters]";

    private static bool IsBase64(ReadOnlySpan<byte> text) => text.Length > LongestBase64 && text.IndexOfAnyExcept(Base64) < 0;

    // A name that is none of ours may be anything, halves of pairs among it.
    private static string NameOf(in Utf8JsonReader name) => name.ValueSpan.Length <= 64 ? Encoding.UTF8.GetString(name.ValueSpan) : "";

    private static bool IsAudioDelta(ReadOnlySpan<byte> frame)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                continue;
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType)
                return reader.TokenType is JsonTokenType.String && reader.ValueSpan.IndexOf("audio"u8) >= 0 && reader.ValueSpan.EndsWith(".delta"u8);
            reader.Skip();
        }

        return false;
    }
}
