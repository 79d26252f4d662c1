using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Candidates as the JSON objects that browsers make and read.</summary>
internal static class CandidateJson
{
    private const int MaxName = 256;

    /// <summary>A candidate of a provider; null when the text is none.</summary>
    public static IceCandidate? Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The same of what a client sent.</summary>
    public static IceCandidate? Read(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.Object || Text(value, "candidate") is not { } text || !IceCandidate.IsWellFormed(text))
            return null;
        int? line = value.TryGetProperty("sdpMLineIndex", out var index) && index.ValueKind is JsonValueKind.Number && index.TryGetInt32(out var number) && number >= 0
            ? number
            : null;
        return new IceCandidate(text, Text(value, "sdpMid"), line, Text(value, "usernameFragment"));
    }

    /// <summary>The object.</summary>
    public static string Write(IceCandidate candidate)
    {
        var json = new JsonObject { ["candidate"] = candidate.Text, ["sdpMid"] = candidate.Mid, ["sdpMLineIndex"] = candidate.Line };
        if (candidate.Ufrag is { } ufrag)
            json["usernameFragment"] = ufrag;
        return json.ToJsonString();
    }

    private static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String && SignalFields.Decoded(member) is { Length: <= IceCandidate.MaxLength } text
            && (name is "candidate" || text.Length <= MaxName) ? text : null;
}
