using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>The frames that we say ourselves, in the provider's own form.</summary>
public static class OpenAIMessages
{
    // The frames go to programs, not into a page.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the answers to frames that we do not take have for an id.</summary>
    public const string DeclinedId = "event_declined";

    /// <summary>The error event of a line of the catalogue.</summary>
    public static byte[] Error(CloseCode code)
    {
        var words = OpenAIWords.For(code);
        return Error($"event_{code.Entry().Name}", words.Type, words.Code, code.Entry().Reason, clientEvent: null);
    }

    /// <summary><c>{"type":"error","event_id":"...","error":{"type":"...","code":"...","message":"...","param":null,"event_id":null}}</c></summary>
    /// <param name="eventId">The event's own id.</param>
    /// <param name="type">The class of the error.</param>
    /// <param name="code">The error.</param>
    /// <param name="message">Words for people.</param>
    /// <param name="clientEvent">The id of the client's event that is answered, if it had one.</param>
    public static byte[] Error(string eventId, string type, string? code, string message, string? clientEvent) => Write("error", writer =>
    {
        writer.WriteString("event_id", eventId);
        writer.WriteStartObject("error");
        writer.WriteString("type", type);
        writer.WriteString("code", code);
        writer.WriteString("message", message);
        writer.WriteNull("param");
        writer.WriteString("event_id", clientEvent);
        writer.WriteEndObject();
    });

    /// <summary>The error event that answers a client's event which is not taken.</summary>
    /// <param name="reason">Why, in words for people.</param>
    /// <param name="clientEvent">The id of that event, if it had one.</param>
    public static byte[] Declined(string reason, string? clientEvent) => Error(DeclinedId, "invalid_request_error", "not_allowed", reason, clientEvent);

    /// <summary>
    /// <c>{"type":"session.created","event_id":"...","session":{"type":"realtime","object":"realtime.session","id":"...","model":"..."}}</c>, for a
    /// connection that comes after the provider's own is forgotten.
    /// </summary>
    public static byte[] SessionCreated(string eventId, string session, string model) => Write("session.created", writer =>
    {
        writer.WriteString("event_id", eventId);
        writer.WriteStartObject("session");
        writer.WriteString("type", "realtime");
        writer.WriteString("object", "realtime.session");
        writer.WriteString("id", session);
        writer.WriteString("model", model);
        writer.WriteEndObject();
    });

    /// <summary>
    /// <c>{"type":"offer","sdp":"...","session":{...}}</c>: what the HTTP surface asks our call adapter for. It never leaves us.
    /// </summary>
    /// <param name="sdp">The client's offer.</param>
    /// <param name="session">The session's settings, a JSON object, or null for none.</param>
    public static byte[] Offer(string sdp, string? session) => Write("offer", writer =>
    {
        writer.WriteString("sdp", sdp);
        if (session is null)
            return;
        writer.WritePropertyName("session");
        writer.WriteRawValue(session);
    });

    /// <summary><c>{"type":"answer","sdp":"...","call_id":"..."}</c>: what the adapter answers. It never leaves us.</summary>
    internal static byte[] Answer(string sdp, string call) => Write("answer", writer =>
    {
        writer.WriteString("sdp", sdp);
        writer.WriteString("call_id", call);
    });

    /// <summary><c>{"type":"ended","call_id":"..."}</c>: the provider told the adapter that the call is over. It never leaves us.</summary>
    internal static byte[] Ended(string call) => Write("ended", writer => writer.WriteString("call_id", call));

    /// <summary>Whether a frame is one that the call adapter says to the session: its own, and nobody else's.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> frame) => frame.StartsWith("{\"type\":\"answer\","u8) || frame.StartsWith("{\"type\":\"ended\","u8);

    internal static byte[] Write(string type, Action<Utf8JsonWriter> fields)
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
