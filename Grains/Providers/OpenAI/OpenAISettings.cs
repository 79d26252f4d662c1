using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// Settings that a session begins with: what its tenant sealed in the client secret that opens it, and what its client asks for beside. What the
/// client asks is laid over it member by member, so that it changes what it names and takes nothing away by naming something else.
/// </summary>
internal static class OpenAISettings
{
    /// <summary>The id of the event that sets what was sealed. A session that does not take it does not go on without.</summary>
    public const string SealedEvent = "event_sealed";

    /// <summary>The id of the event that changes locked settings back. A session that does not take it does not go on either.</summary>
    public const string RestoredEvent = "event_restored";

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Both, the second over the first; texts of JSON objects or null.</summary>
    public static JsonObject Merge(string? below, string? above)
    {
        var settings = Read(below) ?? [];
        if (Read(above) is { } over)
            Lay(over, settings);
        return settings;
    }

    /// <summary>The event that gives a new session what was sealed, in its first frame; null where nothing was.</summary>
    public static byte[]? Opening(string? sealedSettings)
    {
        if (Read(sealedSettings) is not { } settings)
            return null;
        // It was named in the address, and never changes.
        settings.Remove("model");
        return settings.All(member => member.Key == "type") ? null : Update(SealedEvent, settings, kind: null);
    }

    /// <summary><c>{"type":"session.update","event_id":"...","session":{...,"type":"realtime"}}</c></summary>
    /// <param name="eventId">By which an error names it.</param>
    /// <param name="settings">What is to be; null clears.</param>
    /// <param name="kind">The session's own type.</param>
    public static byte[] Update(string eventId, JsonObject settings, string? kind)
    {
        var session = settings.DeepClone().AsObject();
        session["type"] = kind ?? session["type"]?.DeepClone() ?? "realtime";
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = "session.update", ["event_id"] = eventId, ["session"] = session });
    }

    /// <summary>Lays an object over another, in place: objects in both are laid over each other, everything else takes the place of what was there.</summary>
    public static void Lay(JsonObject over, JsonObject onto)
    {
        foreach (var (name, value) in over)
        {
            if (value is JsonObject above && onto[name] is JsonObject below)
                Lay(above, below);
            else
                onto[name] = value?.DeepClone();
        }
    }

    private static JsonObject? Read(string? text) => text is null ? null : JsonNode.Parse(text, documentOptions: Reading) as JsonObject;
}
