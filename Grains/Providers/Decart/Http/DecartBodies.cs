using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Grains.Providers.Decart.Http;

/// <summary>A session that the provider opened.</summary>
/// <param name="SessionId">Its name.</param>
/// <param name="Sdp">The answer.</param>
/// <param name="IceServers">Frames that tell of its servers.</param>
/// <param name="Events">Where its events are.</param>
/// <param name="EventToken">What opens those.</param>
internal sealed record DecartOpened(string SessionId, string Sdp, IReadOnlyList<byte[]> IceServers, string? Events, string? EventToken);

/// <summary>Bodies of dialect C from frames of dialect A, and back. Nothing here throws for what a provider or client sends.</summary>
internal static class DecartBodies
{
    private const int MaxIceServers = 8;

    /// <summary>The request that opens a session: the offer, and what the client wants to begin with.</summary>
    public static byte[] Open(string model, byte[] offer, byte[]? prompt, byte[]? image)
    {
        var body = new JsonObject
        {
            ["model"] = model, ["sdp"] = new JsonObject { ["type"] = "offer", ["sdp"] = FrameReader.ReadText(offer, "sdp"u8) ?? "" },
        };
        foreach (var wish in new[] { image, prompt }.OfType<byte[]>().Select(ObjectOf))
        {
            foreach (var member in new[] { "prompt", "enhance_prompt", "image_data" })
            {
                // Null is what clients send who want nothing: it is left out.
                if (wish[member] is { } value)
                    body[member] = value.DeepClone();
            }
        }

        return Bytes(body);
    }

    /// <summary>What the provider opened; null where that is no session.</summary>
    public static DecartOpened? Opened(byte[] body)
    {
        var json = ObjectOf(body);
        if (Text(json["session_id"]) is not { Length: > 0 and <= 256 } id || json["sdp"] is not JsonObject sdp || Text(sdp["sdp"]) is not { } answer)
            return null;
        var events = json["events"] as JsonObject;
        var servers = (json["ice_servers"] as JsonArray)?.OfType<JsonObject>().Take(MaxIceServers).Select(Turn).ToList() ?? [];
        return new DecartOpened(id, answer, servers, Text(events?["url"]), Text(events?["event_token"]));
    }

    /// <summary>The provider's name for its session. It has no server to watch it at.</summary>
    public static byte[] Named(string id) => DecartMessages.Write("session_id", writer =>
    {
        writer.WriteString("session_id", id);
        writer.WriteString("server_ip", "");
        writer.WriteNumber("server_port", 0);
    });

    /// <summary>A candidate, or the end of them.</summary>
    public static byte[] Candidates(byte[] frame) => Bytes(new JsonObject { ["candidates"] = new JsonArray(ObjectOf(frame)["candidate"]?.DeepClone()) });

    /// <summary>A frame's other members.</summary>
    public static byte[] WithoutType(byte[] frame)
    {
        var body = ObjectOf(frame);
        body.Remove("type");
        return Bytes(body);
    }

    /// <summary>The acknowledgement of a prompt, with its exact text.</summary>
    public static byte[] PromptAck(byte[] frame, string? refused) => DecartMessages.Write("prompt_ack", writer =>
    {
        writer.WriteString("prompt", FrameReader.ReadText(frame, "prompt"u8) ?? "");
        Taken(writer, refused);
    });

    /// <summary>The acknowledgement of an image.</summary>
    public static byte[] ImageAck(string? refused) => DecartMessages.Write("set_image_ack", writer => Taken(writer, refused));

    /// <summary>An event as a frame; null for one that is none.</summary>
    public static byte[]? Frame(string type, byte[] data)
    {
        JsonNode? json;
        try
        {
            json = JsonNode.Parse(data);
        }
        catch (JsonException)
        {
            return null;
        }

        return (type, json) switch
        {
            ("ice-candidate", _)         => Bytes(new JsonObject { ["type"] = type, ["candidate"] = json }),
            ("error", JsonObject error)  => DecartMessages.Error(Text(error["detail"]) ?? Text(error["title"]) ?? "The model reported an error."),
            (_, JsonObject members)      => Typed(type, members),
            _                            => null,
        };
    }

    /// <summary>What dialect A would give as the reason of an end that came with this error: it names the cause in its words, if at all.</summary>
    public static string EndReason(byte[] error)
    {
        var json = ObjectOf(error);
        var words = $"{Text(json["title"])} {Text(json["detail"])} {Text(json["error_type"])}";
        return Says("credit", "quota", "billing") ? "insufficient_credits"
            : Says("moderation", "content policy", "safety") ? "moderation_violation"
            : Says("duration", "time limit", "timeout", "timed out") ? "timeout"
            : "error";

        bool Says(params ReadOnlySpan<string> any)
        {
            foreach (var word in any)
            {
                if (words.Contains(word, StringComparison.OrdinalIgnoreCase))
                    return true;
            }

            return false;
        }
    }

    /// <summary>The address of events with what opens them.</summary>
    public static Uri WithToken(Uri address, string? token) => token is null ? address : new UriBuilder(address)
    {
        Query = $"{address.Query.TrimStart('?')}{(address.Query.Length > 1 ? "&" : "")}event_token={Uri.EscapeDataString(token)}",
    }.Uri;

    private static byte[] Turn(JsonObject server) => Typed("turn_config", server);

    private static byte[] Typed(string type, JsonObject members)
    {
        var frame = new JsonObject { ["type"] = type };
        foreach (var (name, value) in members.Where(member => member.Key != "type"))
            frame[name] = value?.DeepClone();
        return Bytes(frame);
    }

    private static void Taken(Utf8JsonWriter writer, string? refused)
    {
        writer.WriteBoolean("success", refused is null);
        writer.WriteString("error", refused);
    }

    private static string? Text(JsonNode? node)
    {
        try
        {
            return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static JsonObject ObjectOf(byte[] json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static byte[] Bytes(JsonNode json) => System.Text.Encoding.UTF8.GetBytes(json.ToJsonString(DecartMessages.Relaxed));
}
