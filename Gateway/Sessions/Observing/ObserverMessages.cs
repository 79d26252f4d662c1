using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What observers are told. The shapes are part of the API.</summary>
internal static class ObserverMessages
{
    // They go to programs, not into a page.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// <c>{"type":"frame","seq":7,"at":"...","from":"client","length":20,"frame":{...}}</c>; instead of <c>frame</c> it has <c>text</c>
    /// where it is no JSON, <c>binary</c> where it is no text, and <c>elided</c> where it was too long to be kept.
    /// </summary>
    public static byte[] Frame(ObservedFrame frame) => Write("frame", writer =>
    {
        writer.WriteNumber("seq", frame.Sequence);
        Describe(writer, frame.At, frame.From);
        writer.WriteNumber("length", frame.Length);
        if (!frame.IsText)
        {
            writer.WriteBoolean("binary", true);
        }
        else if (frame.Payload.Length != frame.Length)
        {
            writer.WriteBoolean("elided", true);
            writer.WriteString("frame_type", frame.Type);
        }
        else if (ElidedFrame.Json(frame.Payload) is { } json)
        {
            writer.WritePropertyName("frame");
            writer.WriteRawValue(json, skipInputValidation: true);
        }
        else
        {
            writer.WriteString("text", ElidedFrame.Text(frame.Payload));
        }
    });

    /// <summary>The end of a session whose process is lost, as its row tells it: it has no number.</summary>
    public static byte[] Ended(DateTimeOffset at, ReadOnlySpan<byte> frame)
    {
        var ended = Encoding.UTF8.GetString(frame);
        return Write("frame", writer =>
        {
            writer.WriteNull("seq");
            Describe(writer, at, ObservedFrom.Lifecycle);
            writer.WritePropertyName("frame");
            writer.WriteRawValue(ended);
        });
    }

    /// <summary><c>{"type":"gap","from":3,"to":7}</c>: those numbers, both included, are lost. Without an end nobody knows how many.</summary>
    public static byte[] Gap(long from, long? to) => Write("gap", writer =>
    {
        writer.WriteNumber("from", from);
        if (to is { } last)
            writer.WriteNumber("to", last);
        else
            writer.WriteNull("to");
    });

    /// <summary><c>{"type":"ack","command":"steer","id":"...","ok":false,"error":"not_granted"}</c>.</summary>
    public static byte[] Ack(string? command, string? id, string? error) => Write("ack", writer =>
    {
        writer.WriteString("command", command);
        if (id is not null)
            writer.WriteString("id", id);
        writer.WriteBoolean("ok", error is null);
        if (error is not null)
            writer.WriteString("error", error);
    });

    /// <summary>The last event of a stream that cannot be closed with a code.</summary>
    public static byte[] Closed(int code, string reason) => Write("closed", writer =>
    {
        writer.WriteNumber("code", code);
        writer.WriteString("reason", reason);
    });

    /// <summary>Grants as the API writes them.</summary>
    public static IReadOnlyList<string> Words(ObserverGrants grants) =>
        [.. Enum.GetValues<ObserverGrants>().Where(grant => grant is ObserverGrants.Read or ObserverGrants.Steer or ObserverGrants.End && grants.HasFlag(grant))
            .Select(grant => grant.ToString().ToLowerInvariant())];

    private static void Describe(Utf8JsonWriter writer, DateTimeOffset at, ObservedFrom from)
    {
        writer.WriteString("at", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", null));
        writer.WriteString("from", JsonNamingPolicy.SnakeCaseLower.ConvertName(from.ToString()));
    }

    private static byte[] Write(string type, Action<Utf8JsonWriter> fields)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(bytes, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            fields(writer);
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
