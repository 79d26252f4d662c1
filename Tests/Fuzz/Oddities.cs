using System.Text;

namespace Orchestrator.Tests.Fuzz;

/// <summary>What a hostile or broken peer puts where JSON has a name or a value.</summary>
internal static class Oddities
{
    /// <summary>In the place of a value.</summary>
    public static byte[][] Values { get; } =
    [
        .. Texts(
            "null", "true", "false", "0", "-0", "-1", "1.5", "1e999", "-1e999", "1E+400", "0.1e-400", "99999999999999999999999999999999", "2147483648", "9007199254740993",
            "1e2147483648", "00", "01", "1.", ".5", "+1", "NaN", "Infinity", "-", "", "nul", "tru", "'x'", "undefined", "/* c */ 1", "1,", ",", ":", "]", "}", "[", "{",
            "[]", "{}", "[[]]", "[null,1,\"x\"]", """{"type":"generation_tick","seconds":9}""",
            "\"\"", "\"x", "x\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"a\tb\"", "\"\\u0000\"", "\"\\u001b[31m\"",
            // Halves of pairs, in either order, at either end, and two of a kind.
            "\"\\ud800\"", "\"\\udc00\"", "\"\\ud83c\\ud83c\"", "\"\\udf0a\\ud83c\"", "\"a\\ud83cz\"", "\"\\ud83c\\udf0a\"", "\"\\uD83Cgeneration_tick\"",
            "\"generation_tick\"", "\"generation\\u005ftick\"", "\"generation_ended\"", "\"error\"", "\"answer\"", "\"offer\"", "\"livekit_join\"", "\"prompt\"", "\"set_image\"",
            "\"session_id\"", "\"queue_position\"", "\"status\"", "\"node_status\"", "\"response.done\"", "\"session.update\"", "\"CREDENTIAL\"", "\"candidate\"",
            "\"Concurrent session limit reached.\"", "\"401 Unauthorized\""),
        Quoted(0xff, 0xfe), Quoted(0xed, 0xa0, 0x80), Quoted(0xc0, 0x80), Quoted(0xf4, 0x90, 0x80, 0x80), Quoted(0xe2, 0x82), Quoted(0x00),
        Nested('[', ']', 62), Nested('[', ']', 63), Nested('[', ']', 64), Nested('[', ']', 65), Nested('[', ']', 3_000), Open('[', 10_000), Open('{', 300),
        Deep(62), Deep(64), Deep(66), Deep(1_000),
        Encoding.ASCII.GetBytes($"\"{new string('x', 5_000)}\""), Encoding.ASCII.GetBytes(new string('9', 2_000)), Encoding.ASCII.GetBytes($"0.{new string('0', 2_000)}1"),
    ];

    /// <summary>In the place of a name.</summary>
    public static byte[][] Names { get; } =
    [
        .. Texts(
            "\"type\"", "\"ty\\u0070e\"", "\"Type\"", "\"type \"", "\"\\ud800type\"", "\"type\\udc00\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\"", "\"\\u0000\"", "type", "1",
                "null", "[]",
            "\"seconds\"", "\"reason\"", "\"sdp\"", "\"error\"", "\"session_id\"", "\"candidate\"", "\"prompt\"", "\"payload\"", "\"event_id\"", "\"response\"", "\"usage\"",
                "\"se\\u0063onds\"",
            "\"__proto__\""),
        Quoted(0xff), Encoding.ASCII.GetBytes($"\"{new string('n', 3_000)}\""),
    ];

    private static IEnumerable<byte[]> Texts(params string[] texts) => texts.Select(Encoding.UTF8.GetBytes);

    private static byte[] Quoted(params byte[] bytes) => [(byte)'"', .. bytes, (byte)'"'];

    private static byte[] Nested(char open, char close, int depth) => Encoding.ASCII.GetBytes(new string(open, depth) + new string(close, depth));

    private static byte[] Open(char open, int depth) => Encoding.ASCII.GetBytes(new string(open, depth));

    private static byte[] Deep(int depth) => Encoding.ASCII.GetBytes($"{string.Concat(Enumerable.Repeat("{\"a\":", depth))}1{new string('}', depth)}");
}
