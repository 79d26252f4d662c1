using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>What the provider's messages look like, to the byte. Each has a golden test.</summary>
internal static class DecartWire
{
    /// <summary>What a client's media stack would be given; it describes nothing that listens.</summary>
    public const string PlainSdp =
        "v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n";

    /// <summary>The server that every session is said to be on.</summary>
    public const string ServerAddress = "203.0.113.9";

    /// <summary>Its port.</summary>
    public const int ServerPort = 40012;

    /// <summary>How the names of rooms begin.</summary>
    public const string RoomPrefix = "room-";

    /// <summary>Every candidate belongs to the answer's only medium.</summary>
    private const string Place = "\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"simu\"";

    public static byte[] SessionId(string sessionId) =>
        Bytes($$"""{"type":"session_id","session_id":{{Quote(sessionId)}},"server_ip":"{{ServerAddress}}","server_port":{{ServerPort}}}""");

    public static byte[] Answer(string? sdp) => Bytes($$"""{"type":"answer","sdp":{{Quote(sdp ?? PlainSdp)}}}""");

    /// <summary>The candidate of that number, counted from 1.</summary>
    public static byte[] IceCandidate(int number) => Bytes(
        $$$"""{"type":"ice-candidate","candidate":{"candidate":"candidate:{{{number}}} 1 udp 2122260223 203.0.113.9 {{{50_000 + number}}} typ host",{{{Place}}}}}""");

    public static byte[] EndOfCandidates { get; } = Bytes("""{"type":"ice-candidate","candidate":null}""");

    public static byte[] QueuePosition(int position, int size) =>
        Bytes($$"""{"type":"queue_position","position":{{position}},"queue_size":{{size}}}""");

    public static byte[] Status(string status) => Bytes($$"""{"type":"status","status":{{Quote(status)}}}""");

    public static byte[] RoomInfo(Uri livekit, string sessionId) => Bytes(
        $$"""{"type":"livekit_room_info","livekit_url":{{Quote(livekit.ToString())}},"token":"lk-""" +
        $$"""{{sessionId}}","room_name":"{{RoomPrefix}}{{sessionId}}","session_id":{{Quote(sessionId)}}}""");

    /// <summary>Clients match the acknowledgement by its text: <paramref name="prompt"/> is the JSON string as it came, escapes and all.</summary>
    public static byte[] PromptAck(string prompt, string? error) =>
        Bytes($$"""{"type":"prompt_ack","prompt":{{prompt}},"success":{{(error is null ? "true" : "false")}},"error":{{Quote(error)}}}""");

    public static byte[] SetImageAck(string? error) =>
        Bytes($$"""{"type":"set_image_ack","success":{{(error is null ? "true" : "false")}},"error":{{Quote(error)}}}""");

    public static byte[] GenerationStarted { get; } = Bytes("""{"type":"generation_started"}""");

    public static byte[] Tick(decimal seconds) => TickRaw(Number(seconds));

    /// <summary>A tick with this JSON as its seconds, or without the member.</summary>
    public static byte[] TickRaw(string? seconds) =>
        Bytes(seconds is null ? """{"type":"generation_tick"}""" : $$"""{"type":"generation_tick","seconds":{{seconds}}}""");

    public static byte[] GenerationEnded(decimal seconds, string reason) =>
        Bytes($$"""{"type":"generation_ended","seconds":{{Number(seconds)}},"reason":{{Quote(reason)}}}""");

    public static byte[] Error(string message, string? errorType) => Bytes(errorType is null
        ? $$"""{"type":"error","error":{{Quote(message)}}}"""
        : $$"""{"type":"error","error":{{Quote(message)}},"error_type":{{Quote(errorType)}}}""");

    /// <summary>A small message that no published client knows.</summary>
    public static byte[] UnknownType { get; } = Bytes("""{"type":"sim_unknown","value":1}""");

    /// <summary>
    /// Fills the span with one message of an unknown type and exactly that size. The number is eight digits and stands where
    /// <see cref="Renumber"/> finds it.
    /// </summary>
    public static void Fill(Span<byte> message, string type)
    {
        var head = Encoding.ASCII.GetBytes($$"""{"n":"00000000","type":"{{type}}","padding":" """.TrimEnd());
        message.Fill((byte)'x');
        head.CopyTo(message);
        "\"}"u8.CopyTo(message[^2..]);
    }

    /// <summary>Writes another number into a filled message.</summary>
    public static void Renumber(Span<byte> message, int number) => number.TryFormat(message[6..14], out _, "D8", CultureInfo.InvariantCulture);

    /// <summary>A close frame as it stands on the wire: ManagedWebSocket would refuse the codes that a bad provider sends.</summary>
    public static byte[] CloseFrame(int? code, string? reason)
    {
        if (code is null)
            return [0x88, 0];

        var words = Encoding.UTF8.GetBytes(reason ?? "");
        if (words.Length > 123)
            throw new ArgumentException($"A close frame holds at most 123 bytes of reason, not {words.Length}.", nameof(reason));
        return [0x88, (byte)(2 + words.Length), (byte)(code.Value >> 8), (byte)code.Value, .. words];
    }

    /// <summary>A decimal with every digit it was written with, as JSON.</summary>
    private static string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string? text) => JsonSerializer.Serialize(text, ScriptJson.Options);

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);
}
