using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// Reads what a response used out of <c>response.done</c>, and what a transcription used out of its <c>completed</c> event, in place. All of
/// <c>usage</c> may be left out, as the schema has it; what is left out is unknown. Never throws, whatever the bytes are.
/// </summary>
internal static class ResponseUsage
{
    /// <summary>What <c>response.done</c> tells. Without an id that it could be counted by, the signal holds no usage.</summary>
    public static FrameSignal OfResponse(ReadOnlySpan<byte> frame)
    {
        var found = new Found { Source = TokenSource.Response };
        try
        {
            var reader = new Utf8JsonReader(frame);
            while (FrameReader.TryReadProperty(ref reader))
            {
                if (reader.ValueTextEquals("response"u8) && Enter(ref reader))
                    ReadResponse(ref reader, ref found);
                else
                    Leave(ref reader);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or with text that is no Unicode: half a count would be taken for a whole one.
            return new FrameSignal(SignalKind.Usage);
        }

        return new FrameSignal(SignalKind.Usage, Usage: found.ToReport());
    }

    /// <summary>What <c>conversation.item.input_audio_transcription.completed</c> tells: tokens, or seconds of audio.</summary>
    public static FrameSignal OfTranscription(ReadOnlySpan<byte> frame)
    {
        // It reads no images and caches nothing, and says so by not naming them.
        var found = new Found { Source = TokenSource.Transcription, Input = new(null, null, null, 0), Cached = new(0, 0, 0, 0), Output = new(null, null, 0, null) };
        try
        {
            var reader = new Utf8JsonReader(frame);
            while (FrameReader.TryReadProperty(ref reader))
            {
                if (reader.ValueTextEquals("item_id"u8))
                    found.Id = Id(ref reader);
                else if (reader.ValueTextEquals("content_index"u8))
                    found.Part = Count(ref reader, ref found);
                else if (reader.ValueTextEquals("usage"u8) && Enter(ref reader))
                    ReadUsage(ref reader, ref found);
                else
                    Leave(ref reader);
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new FrameSignal(SignalKind.Usage);
        }

        return new FrameSignal(SignalKind.Usage, Usage: found.ToReport());
    }

    private static void ReadResponse(ref Utf8JsonReader reader, ref Found found)
    {
        while (Next(ref reader))
        {
            if (reader.ValueTextEquals("id"u8))
                found.Id = Id(ref reader);
            else if (reader.ValueTextEquals("usage"u8) && Enter(ref reader))
                ReadUsage(ref reader, ref found);
            else
                Leave(ref reader);
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, ref Found found)
    {
        while (Next(ref reader))
        {
            if (reader.ValueTextEquals("total_tokens"u8))
                found.Total = Count(ref reader, ref found);
            else if (reader.ValueTextEquals("input_tokens"u8))
                found.Input = found.Input with { Total = Count(ref reader, ref found) };
            else if (reader.ValueTextEquals("output_tokens"u8))
                found.Output = found.Output with { Total = Count(ref reader, ref found) };
            else if (reader.ValueTextEquals("seconds"u8))
                found.TranscribedMs = Milliseconds(ref reader, ref found);
            else if (reader.ValueTextEquals("input_token_details"u8) && Enter(ref reader))
                ReadInput(ref reader, ref found);
            else if (reader.ValueTextEquals("output_token_details"u8) && Enter(ref reader))
                found.Output = ReadParts(ref reader, found.Output, ref found);
            else
                Leave(ref reader);
        }
    }

    private static void ReadInput(ref Utf8JsonReader reader, ref Found found)
    {
        var input = found.Input;
        while (Next(ref reader))
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
                found.Cached = found.Cached with { Total = Count(ref reader, ref found) };
            else if (reader.ValueTextEquals("cached_tokens_details"u8) && Enter(ref reader))
                found.Cached = ReadParts(ref reader, found.Cached, ref found);
            else
                input = ReadPart(ref reader, input, ref found);
        }

        found.Input = input;
    }

    private static TokenParts ReadParts(ref Utf8JsonReader reader, TokenParts parts, ref Found found)
    {
        while (Next(ref reader))
            parts = ReadPart(ref reader, parts, ref found);
        return parts;
    }

    private static TokenParts ReadPart(ref Utf8JsonReader reader, TokenParts parts, ref Found found)
    {
        if (reader.ValueTextEquals("text_tokens"u8))
            return parts with { Text = Count(ref reader, ref found) };
        if (reader.ValueTextEquals("audio_tokens"u8))
            return parts with { Audio = Count(ref reader, ref found) };
        if (reader.ValueTextEquals("image_tokens"u8))
            return parts with { Image = Count(ref reader, ref found) };
        Leave(ref reader);
        return parts;
    }

    /// <summary>Moves on to the next name of an object that was entered; false at its end.</summary>
    private static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType is JsonTokenType.PropertyName;

    /// <summary>Moves into the value of a name; false, and nothing has moved, when it is no object.</summary>
    private static bool Enter(ref Utf8JsonReader reader)
    {
        var ahead = reader;
        if (!ahead.Read() || ahead.TokenType is not JsonTokenType.StartObject)
            return false;
        reader = ahead;
        return true;
    }

    /// <summary>Moves behind the value of a name.</summary>
    private static void Leave(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static long? Count(ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        var (token, count) = (reader.TokenType, 0m);
        // A whole number may be written with a point: some do.
        var isCount = token is JsonTokenType.Number && reader.TryGetDecimal(out count) && count is >= 0 and <= TokenReport.MaxCount && decimal.Truncate(count) == count;
        reader.Skip();
        found.IsMalformed |= !isCount && token is not JsonTokenType.Null;
        return isCount ? (long)count : null;
    }

    private static long? Milliseconds(ref Utf8JsonReader reader, ref Found found)
    {
        reader.Read();
        var (token, milliseconds) = (reader.TokenType, 0L);
        var isTime = token is JsonTokenType.Number && Seconds.TryParse(reader.ValueSpan, out milliseconds) && milliseconds <= TokenReport.MaxCount;
        reader.Skip();
        found.IsMalformed |= !isTime && token is not JsonTokenType.Null;
        return isTime ? milliseconds : null;
    }

    private static string? Id(ref Utf8JsonReader reader)
    {
        reader.Read();
        var id = reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
        reader.Skip();
        // What goes into rows, identifiers and answers is plain: letters, digits and signs, as every provider's ids are.
        return id is { Length: > 0 and <= TokenReport.MaxIdLength - 12 } && id.All(char.IsAscii) && !id.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) ? id : null;
    }

    private struct Found
    {
        public TokenSource Source;
        public string? Id;
        public long? Part;
        public TokenParts Input;
        public TokenParts Cached;
        public TokenParts Output;
        public long? Total;
        public long? TranscribedMs;
        public bool IsMalformed;

        /// <summary>An item may have several parts that were spoken, each transcribed by itself.</summary>
        public readonly TokenReport? ToReport() => Id is not { } id ? null : new TokenReport(
            Source is TokenSource.Transcription ? FormattableString.Invariant($"{id}:{Part ?? 0}") : id, Source, Input, Cached, Output, Total, TranscribedMs, IsMalformed);
    }
}
