using System.Text;
using Orchestrator.Simulator.Providers.Decart;

namespace Orchestrator.Tests.Simulator;

public class DecartWireTests
{
    public static TheoryData<byte[], string> Messages => new()
    {
        { DecartWire.SessionId("sim-1"), """{"type":"session_id","session_id":"sim-1","server_ip":"203.0.113.9","server_port":40012}""" },
        { DecartWire.Answer("v=0\r\n"), """{"type":"answer","sdp":"v=0\r\n"}""" },
        {
            DecartWire.IceCandidate(1),
            """{"type":"ice-candidate","candidate":{"candidate":"candidate:1 1 udp 2122260223 203.0.113.9 """ +
            """50001 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"simu"}}"""
        },
        { DecartWire.EndOfCandidates, """{"type":"ice-candidate","candidate":null}""" },
        { DecartWire.QueuePosition(3, 5), """{"type":"queue_position","position":3,"queue_size":5}""" },
        { DecartWire.Status("Entering queue"), """{"type":"status","status":"Entering queue"}""" },
        {
            DecartWire.RoomInfo(new("ws://127.0.0.1:8090/livekit"), "sim-1"),
            """{"type":"livekit_room_info","livekit_url":"ws://127.0.0.1:8090/livekit","token":"lk-sim-1","room_name":"room-sim-1","session_id":"sim-1"}"""
        },
        { DecartWire.PromptAck("\"caf\\u00e9 \\/ \\\"x\\\"\"", error: null), """{"type":"prompt_ack","prompt":"caf\u00e9 \/ \"x\"","success":true,"error":null}""" },
        { DecartWire.PromptAck("\"x\"", "content policy"), """{"type":"prompt_ack","prompt":"x","success":false,"error":"content policy"}""" },
        { DecartWire.SetImageAck(error: null), """{"type":"set_image_ack","success":true,"error":null}""" },
        { DecartWire.SetImageAck("content policy"), """{"type":"set_image_ack","success":false,"error":"content policy"}""" },
        { DecartWire.GenerationStarted, """{"type":"generation_started"}""" },
        { DecartWire.Tick(7), """{"type":"generation_tick","seconds":7}""" },
        { DecartWire.Tick(0.30m), """{"type":"generation_tick","seconds":0.30}""" },
        { DecartWire.TickRaw("1e308"), """{"type":"generation_tick","seconds":1e308}""" },
        { DecartWire.TickRaw(null), """{"type":"generation_tick"}""" },
        { DecartWire.GenerationEnded(42, "insufficient_credits"), """{"type":"generation_ended","seconds":42,"reason":"insufficient_credits"}""" },
        { DecartWire.Error("Invalid API key", errorType: null), """{"type":"error","error":"Invalid API key"}""" },
        { DecartWire.Error("No", "invalid_model"), """{"type":"error","error":"No","error_type":"invalid_model"}""" },
        { DecartWire.UnknownType, """{"type":"sim_unknown","value":1}""" },
        { Filled(64, number: 12), """{"n":"00000012","type":"sim_flood","padding":"xxxxxxxxxxxxxxxx"}""" },
    };

    public static TheoryData<byte[], byte[]> CloseFrames => new()
    {
        { DecartWire.CloseFrame(1000, "bye"), [0x88, 5, 0x03, 0xE8, .. "bye"u8] },
        { DecartWire.CloseFrame(4400, null), [0x88, 2, 0x11, 0x30] },
        { DecartWire.CloseFrame(1005, null), [0x88, 2, 0x03, 0xED] },
        { DecartWire.CloseFrame(null, null), [0x88, 0] },
    };

    [Theory, MemberData(nameof(Messages))]
    public void Every_message_has_exactly_these_bytes(byte[] message, string expected) => Assert.Equal(expected, Encoding.UTF8.GetString(message));

    [Theory, MemberData(nameof(CloseFrames))]
    public void Every_close_frame_has_exactly_these_bytes(byte[] frame, byte[] expected) => Assert.Equal(expected, frame);

    private static byte[] Filled(int size, int number)
    {
        var message = new byte[size];
        DecartWire.Fill(message, "sim_flood");
        DecartWire.Renumber(message, number);
        return message;
    }
}
