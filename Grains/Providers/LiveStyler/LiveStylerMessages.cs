using System.Text.Json;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>The frames that we say ourselves: to the provider in a client's place, and to a client in the provider's.</summary>
internal static class LiveStylerMessages
{
    private static readonly string[] CandidateMembers = ["sdpMid", "sdpMLineIndex", "candidate"];

    /// <summary>What the provider says of a node that is not to be had.</summary>
    public static byte[] NodeFull { get; } = NodeStatus("full");

    /// <summary><c>{"type":"session_start"}</c></summary>
    public static byte[] SessionStart { get; } = FrameWriter.Write("session_start");

    /// <summary><c>{"type":"CREDENTIAL","payload":{"credential":"..."}}</c></summary>
    public static byte[] Credential(string credential) => FrameWriter.Write("CREDENTIAL", writer =>
    {
        writer.WriteStartObject("payload");
        writer.WriteString("credential", credential);
        writer.WriteEndObject();
    });

    /// <summary><c>{"type":"node_status","status":"..."}</c></summary>
    public static byte[] NodeStatus(string status) => FrameWriter.Write("node_status", writer => writer.WriteString("status", status));

    /// <summary>
    /// <c>{"type":"error","message":"...","error":"..."}</c>: that there are error messages is documented, their shape is not. This
    /// one holds the text under both names that a client would look for, and a type that says what it is; a client that knows neither
    /// passes over it, and the close that follows has the same words.
    /// </summary>
    public static byte[] Error(string text) => FrameWriter.Write("error", writer =>
    {
        writer.WriteString("message", text);
        writer.WriteString("error", text);
    });

    /// <summary><c>{"type":"offer","sdp":"..."}</c>, and in July 2025 a description in <c>payload.data</c>.</summary>
    public static byte[] Offer(string sdp, bool isOlder) => FrameWriter.Write("offer", writer =>
    {
        if (!isOlder)
        {
            writer.WriteString("sdp", sdp);
            return;
        }

        writer.WriteStartObject("payload");
        writer.WriteStartObject("data");
        writer.WriteString("type", "offer");
        writer.WriteString("sdp", sdp);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary><c>{"type":"candidate","candidate":{...}}</c> with the documented members alone; in July 2025 the same as a payload.</summary>
    public static byte[] Candidate(JsonElement candidate, bool isOlder) => FrameWriter.Write(isOlder ? "ice_candidate" : "candidate", writer =>
    {
        writer.WriteStartObject(isOlder ? "payload" : "candidate");
        foreach (var name in CandidateMembers)
        {
            if (!candidate.TryGetProperty(name, out var value))
                continue;
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    });
}
