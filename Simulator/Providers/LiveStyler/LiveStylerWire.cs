using System.Text.Json;
using Orchestrator.Simulator.Providers.Decart;

namespace Orchestrator.Simulator.Providers.LiveStyler;

/// <summary>What the provider's messages look like, to the byte, and how its client's credential is found. Each has a golden test.</summary>
internal static class LiveStylerWire
{
    public const string AuthSuccess = """{"type":"auth_success"}""";

    public const string Provisioning = """{"type":"server_provisioning"}""";

    /// <summary>An error message of which only the text is documented.</summary>
    public const string PoolFull = """{"type":"error","message":"Maximum pool size reached. Cannot assign a new node."}""";

    /// <summary>The other one, in another shape.</summary>
    public const string NoStart = """{"type":"offer_error","data":{"reason":"Failed to start a stopped node."}}""";

    public static string Answer { get; } = $$"""{"type":"answer","sdp":{{JsonSerializer.Serialize(DecartWire.PlainSdp)}}}""";

    public static string Candidate { get; } =
        """{"type":"candidate","candidate":{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1 1 udp 2122260223 203.0.113.9 50001 typ host"}}""";

    public static string OlderAnswer { get; } = """{"type":"answer","payload":{"type":"answer","sdp":SDP}}""".Replace("SDP", JsonSerializer.Serialize(DecartWire.PlainSdp),
        StringComparison.Ordinal);

    public static string OlderCandidate { get; } =
        """{"type":"ice_candidate","payload":{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1 1 udp 2122260223 203.0.113.9 50001 typ host"}}""";

    public static string NodeStatus(string status) => $$"""{"type":"node_status","status":"{{status}}"}""";

    /// <summary>What a client's first frame names; null when it is another frame.</summary>
    public static string? CredentialOf(Frame frame)
    {
        if (frame.Name is not "CREDENTIAL")
            return null;
        using var json = JsonDocument.Parse(frame.Bytes);
        return json.RootElement.TryGetProperty("payload", out var payload) && payload.ValueKind is JsonValueKind.Object
            && payload.TryGetProperty("credential", out var credential) && credential.ValueKind is JsonValueKind.String
                ? credential.GetString()
                : null;
    }
}
