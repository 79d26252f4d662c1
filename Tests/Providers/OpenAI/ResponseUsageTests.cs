using System.Text;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers.OpenAI;

public class ResponseUsageTests
{
    private const string Done = """
        {"type":"response.done","event_id":"event_7","response":{"object":"realtime.response","id":"resp_A1","status":"completed","status_details":null,
        "output":[{"id":"item_1","type":"message","content":[{"type":"output_audio","transcript":"\u0041 } { \"usage\": 3"}]}],
        "usage":{"total_tokens":253,"input_tokens":132,"output_tokens":121,
        "input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,
        "cached_tokens_details":{"text_tokens":64,"audio_tokens":0,"image_tokens":0}},
        "output_token_details":{"text_tokens":30,"audio_tokens":91}},"metadata":{"usage":{"total_tokens":1}}}}
        """;

    private static readonly TokenReport Told = new(
        "resp_A1", TokenSource.Response, new TokenParts(132, 119, 13, 0), new TokenParts(64, 64, 0, 0), new TokenParts(121, 30, 91, null), 253);

    public static TheoryData<string, string, TokenReport?> Responses => new()
    {
        { "the provider's own example", Done, Told },
        { "no usage", """{"type":"response.done","response":{"id":"resp_1","status":"failed"}}""", new("resp_1", TokenSource.Response) },
        { "usage null", """{"type":"response.done","response":{"id":"resp_1","usage":null}}""", new("resp_1", TokenSource.Response) },
        { "usage before the id", """{"response":{"usage":{"total_tokens":3},"id":"resp_1"},"type":"response.done"}""", new("resp_1", TokenSource.Response, Total: 3) },
        { "null within",
          """{"type":"response.done","response":{"id":"resp_1","usage":{"total_tokens":null,"input_tokens":4}}}""",
          new("resp_1", TokenSource.Response, new(4, null, null, null)) },
        { "whole with a point",
          """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":4.0}}}""",
          new("resp_1", TokenSource.Response, new(4, null, null, null)) },
        { "a text", """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":"4"}}}""", new("resp_1", TokenSource.Response, IsMalformed: true) },
        { "negative", """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":-4}}}""", new("resp_1", TokenSource.Response, IsMalformed: true) },
        { "a fraction", """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":4.5}}}""", new("resp_1", TokenSource.Response, IsMalformed: true) },
        { "absurd",
          """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":1000000001,"output_tokens":1e999}}}""",
          new("resp_1", TokenSource.Response, IsMalformed: true) },
        { "an object for a count",
          """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":{"a":1},"output_tokens":2}}}""",
          new("resp_1", TokenSource.Response, Output: new(2, null, null, null), IsMalformed: true) },
        { "details that are none",
          """{"type":"response.done","response":{"id":"resp_1","usage":{"input_token_details":[1],"output_tokens":2}}}""",
          new("resp_1", TokenSource.Response, Output: new(2, null, null, null)) },
        { "no id", """{"type":"response.done","response":{"usage":{"input_tokens":4}}}""", null },
        { "an id that is none", """{"type":"response.done","response":{"id":7,"usage":{"input_tokens":4}}}""", null },
        { "an id with a line in it", """{"type":"response.done","response":{"id":"resp\n1"}}""", null },
        { "an id that is too long", """{"type":"response.done","response":{"id":"ID"}}""".Replace("ID", new string('a', 200), StringComparison.Ordinal), null },
        { "no response", """{"type":"response.done","response":"resp_1"}""", null },
        { "half a surrogate", """{"type":"response.done","response":{"id":"\ud800"}}""", null },
        { "broken off", """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":4""", null },
    };

    public static TheoryData<string, string, TokenReport?> Transcriptions => new()
    {
        {
            "tokens",
            """
            {"type":"conversation.item.input_audio_transcription.completed","item_id":"item_1","content_index":1,"transcript":"hm",
            "usage":{"type":"tokens","total_tokens":22,"input_tokens":13,"input_token_details":{"text_tokens":0,"audio_tokens":13},"output_tokens":9}}
            """,
            new("item_1:1", TokenSource.Transcription, new(13, 0, 13, 0), new(0, 0, 0, 0), new(9, null, 0, null), 22)
        },
        {
            "seconds", """{"type":"conversation.item.input_audio_transcription.completed","usage":{"type":"duration","seconds":4.25},"item_id":"item_1"}""",
            new("item_1:0", TokenSource.Transcription, new(null, null, null, 0), new(0, 0, 0, 0), new(null, null, 0, null), TranscribedMs: 4_250)
        },
        { "no item", """{"type":"conversation.item.input_audio_transcription.completed","usage":{"type":"duration","seconds":4.25}}""", null },
    };

    [Theory, MemberData(nameof(Responses))]
    public void A_response_tells_its_own_count_and_never_throws(string what, string frame, TokenReport? told) =>
        Assert.True(new FrameSignal(SignalKind.Usage, Usage: told) == ResponseUsage.OfResponse(Encoding.UTF8.GetBytes(frame)), what);

    [Theory, MemberData(nameof(Transcriptions))]
    public void A_transcription_tells_tokens_or_seconds(string what, string frame, TokenReport? told) =>
        Assert.True(new FrameSignal(SignalKind.Usage, Usage: told) == ResponseUsage.OfTranscription(Encoding.UTF8.GetBytes(frame)), what);

    [Fact]
    public void What_a_transcription_leaves_out_costs_it_no_anomaly()
    {
        var usage = TokenRule.Read(ResponseUsage.OfTranscription(Encoding.UTF8.GetBytes(
            """
            {"item_id":"item_1","content_index":0,
            "usage":{"type":"tokens","total_tokens":22,"input_tokens":13,"input_token_details":{"text_tokens":0,"audio_tokens":13},"output_tokens":9}}
            """)).Usage!);

        Assert.Equal(new TokenCounts(0, 13, 0, 0, 0, 0, 9), usage.Counts);
        Assert.Empty(usage.Anomalies);
    }

    [Fact]
    public void Whatever_is_cut_out_of_a_frame_or_put_into_it_nothing_throws_and_no_count_is_larger_than_told() =>
        Laws.Hold(Arb.From(
            from at in Gen.Choose(0, Done.Length - 1)
            from length in Gen.Choose(0, 40)
            from bytes in Gen.Elements("", "{", "}", "\"", "[", "null", "-1", "1e9", ",", "\\", "\0", "\uD800", "{\"usage\":")
            select (at, length, bytes)), cut =>
        {
            var (at, length, bytes) = cut;
            var frame = Encoding.UTF8.GetBytes(Done.Remove(at, Math.Min(length, Done.Length - at)).Insert(at, bytes));

            foreach (var signal in new[] { ResponseUsage.OfResponse(frame), ResponseUsage.OfTranscription(frame) })
            {
                Assert.Equal(SignalKind.Usage, signal.Kind);
                if (signal.Usage is { } told)
                    Assert.All(TokenRule.Read(told).Counts.ByKind, count => Assert.False(count is < 0 or > TokenReport.MaxCount));
            }
        }, tests: 3_000);
}
