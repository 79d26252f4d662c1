using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Providers.Decart;

/// <summary>The frames that we say ourselves, byte for byte as the provider would.</summary>
internal static class DecartMessages
{
    /// <summary>For whole objects: the frames go to programs, not into a page.</summary>
    internal static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"type":"error","error":"..."}</c></summary>
    public static byte[] Error(string text) => Write("error", writer => writer.WriteString("error", text));

    /// <summary><c>{"type":"generation_ended","seconds":12.5,"reason":"timeout"}</c></summary>
    public static byte[] GenerationEnded(long milliseconds, string reason) => Write("generation_ended", writer =>
    {
        // A whole number where it is one: some clients read no other.
        writer.WritePropertyName("seconds");
        writer.WriteRawValue(milliseconds % 1000 == 0 ? $"{milliseconds / 1000}" : Seconds.Format(milliseconds).TrimEnd('0'));
        writer.WriteString("reason", reason);
    });

    /// <summary><c>{"type":"prompt_ack","prompt":"...","success":false,"error":"..."}</c>; clients match on the exact text.</summary>
    public static byte[] PromptAck(string prompt, string error) => Write("prompt_ack", writer =>
    {
        writer.WriteString("prompt", prompt);
        writer.WriteBoolean("success", false);
        writer.WriteString("error", error);
    });

    /// <summary><c>{"type":"set_image_ack","success":false,"error":"..."}</c></summary>
    public static byte[] SetImageAck(string error) => Write("set_image_ack", writer =>
    {
        writer.WriteBoolean("success", false);
        writer.WriteString("error", error);
    });

    /// <summary>What a <c>turn_config</c> tells, without its type: the object that browsers read.</summary>
    public static string IceServer(ReadOnlySpan<byte> frame)
    {
        var reader = new Utf8JsonReader(frame, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            var server = JsonNode.Parse(ref reader)!.AsObject();
            server.Remove("type");
            return server.ToJsonString(Relaxed);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // Broken off behind its type, or with a member twice.
            return "{}";
        }
    }

    /// <summary>A frame of that type with these members.</summary>
    internal static byte[] Write(string type, Action<Utf8JsonWriter> fields) => FrameWriter.Write(type, fields);
}
