using System.Text;
using System.Text.Json;

namespace Orchestrator.Gateway.Sessions.Observing;

/// <summary>What an observer wants: <c>{"type":"steer","frame":{...},"id":"..."}</c> or <c>{"type":"end"}</c>.</summary>
/// <param name="Type">What.</param>
/// <param name="Id">Comes back with the answer; at most 128 characters.</param>
/// <param name="Frame">The frame to send, as it stands in the command.</param>
internal sealed record ObserverCommand(string Type, string? Id, byte[]? Frame)
{
    private const int MaxType = 32, MaxId = 128;

    /// <summary>Reads a command; null for what is none.</summary>
    public static ObserverCommand? Read(ReadOnlyMemory<byte> message)
    {
        try
        {
            using var document = JsonDocument.Parse(message, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            var body = document.RootElement;
            if (body.ValueKind is not JsonValueKind.Object || Text(body, "type", MaxType) is not { } type)
                return null;
            return new ObserverCommand(
                type,
                Text(body, "id", MaxId),
                body.TryGetProperty("frame", out var frame) && frame.ValueKind is JsonValueKind.Object ? Encoding.UTF8.GetBytes(frame.GetRawText()) : null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is text that is no Unicode.
            return null;
        }
    }

    private static string? Text(JsonElement body, string name, int max) =>
        body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String && value.GetString() is { } text && text.Length <= max ? text : null;
}
