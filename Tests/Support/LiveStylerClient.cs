using System.Text.Json;

namespace Orchestrator.Tests.Support;

/// <summary>What LiveStyler's clients say.</summary>
internal static class LiveStylerClient
{
    public const string Start = """{"type":"session_start"}""";

    public const string Offer = """{"type":"offer","sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"}""";

    public const string Candidate = """{"type":"candidate","candidate":{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1 1 udp 2122260223 192.0.2.5 50000 typ host"}}""";

    public const string OlderOffer = """{"type":"offer","payload":{"data":{"type":"offer","sdp":"v=0\r\n"}}}""";

    public const string OlderCandidate =
        """{"type":"ice_candidate","payload":{"candidate":"candidate:1 1 udp 2122260223 192.0.2.5 50000 typ host","sdpMid":"0","sdpMLineIndex":0}}""";

    /// <summary>The first frame.</summary>
    public static string Credential(string credential) => JsonSerializer.Serialize(new { type = "CREDENTIAL", payload = new { credential } });

    /// <summary>All of it, up to the provider's answer.</summary>
    public static async Task UntilAnsweredAsync(this StreamClient client)
    {
        await client.ExpectAsync("auth_success");
        await client.SendAsync(Start);
        await client.ExpectAsync("node_status");
        await client.SendAsync(Offer);
        await client.ExpectAsync("answer");
    }
}
