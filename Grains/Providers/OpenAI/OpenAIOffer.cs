using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>What a client without a WebSocket asks for: its SDP, and the settings of the session.</summary>
/// <param name="Sdp">The offer.</param>
/// <param name="Session">The settings as the client has them, a JSON object, or null.</param>
public sealed record OpenAIOffer(string Sdp, string? Session)
{
    /// <summary>The largest offer that is read, in bytes.</summary>
    public const int MaxBytes = 128 * 1024;

    /// <summary>Reads our own frame; null for any other.</summary>
    public static OpenAIOffer? Read(ReadOnlySpan<byte> frame) =>
        FrameReader.TryReadType(frame, out var type) && type.ValueTextEquals("offer"u8) && FrameReader.ReadText(frame, "sdp"u8) is { Length: > 0 } sdp
            ? new OpenAIOffer(sdp, FrameReader.ReadObject(frame, "session"u8))
            : null;

    /// <summary>The same with its settings laid over those that were sealed for its session.</summary>
    public OpenAIOffer Over(string? sealedSettings) =>
        sealedSettings is null ? this : this with { Session = OpenAISettings.Merge(sealedSettings, Session).ToJsonString(JsonSerializerOptions.Web) };

    /// <summary>The settings to send: the client's, of the model that was let in and no other.</summary>
    public JsonObject SettingsFor(string model)
    {
        var settings = Session is null ? [] : JsonNode.Parse(Session)!.AsObject();
        settings["model"] = model;
        return settings;
    }
}
