using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Tests.Providers.OpenAI;

/// <summary>What the events of the Realtime API mean to us, and what we say in its words.</summary>
public class OpenAIDialectTests
{
    private static readonly OpenAIDialect Dialect = new();

    /// <summary>Every event of the server in the protocol's page; each passes and none is unknown.</summary>
    public static TheoryData<string> Passed => new()
    {
        "session.updated", "conversation.created", "conversation.item.created", "conversation.item.added", "conversation.item.done", "conversation.item.deleted",
        "conversation.item.retrieved", "conversation.item.truncated", "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.failed",
        "conversation.item.input_audio_transcription.segment", "input_audio_buffer.cleared", "input_audio_buffer.committed", "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped", "input_audio_buffer.timeout_triggered", "input_audio_buffer.dtmf_event_received", "output_audio_buffer.started",
        "output_audio_buffer.stopped", "output_audio_buffer.cleared", "response.created", "response.output_item.added",
        "response.output_item.done", "response.content_part.added", "response.content_part.done", "response.output_text.delta", "response.output_text.done",
        "response.output_audio.delta", "response.output_audio.done", "response.output_audio_transcript.delta", "response.output_audio_transcript.done",
        "response.function_call_arguments.delta", "response.function_call_arguments.done", "mcp_list_tools.in_progress", "mcp_list_tools.completed",
        "mcp_list_tools.failed", "response.mcp_call.in_progress", "response.mcp_call.completed", "response.mcp_call.failed", "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done", "rate_limits.updated",
    };

    public static TheoryData<string, FrameSignal> Signals => new()
    {
        { """{"type":"session.created","event_id":"e","session":{"type":"realtime","id":"sess_1","model":"m"}}""", new(SignalKind.Answer, Text: "sess_1") },
        { """{"session":{"id":"sess_2"},"type":"session.created"}""",                                              new(SignalKind.Answer, Text: "sess_2") },
        { """{"type":"session.created","session":{"audio":{"id":"no"}}}""",                                        new(SignalKind.Answer) },
        { """{"type":"session.created"}""",                                                                        new(SignalKind.Answer) },
        { """{"type":"answer","sdp":"v=0","call_id":"rtc_1"}""",                                                   new(SignalKind.Answer, Text: "rtc_1") },
        { """{"type":"ended","call_id":"rtc_1"}""",                                                                new(SignalKind.Ended) },
        { """{"type":"error","error":{"type":"invalid_request_error","code":"x","message":"no"}}""",               new(SignalKind.Error, Text: "no") },
        { """{"type":"error","error":{"code":"session_expired","message":"60 minutes"}}""",  new(SignalKind.Expired, Text: "60 minutes", End: GenerationEnd.Timeout) },
        { """{"type":"error","error":"no object"}""",                                                              new(SignalKind.Error) },
        { """{"type":"error","error":{"message":"\ud800"}}""",                                                     new(SignalKind.Error) },
        { """{"type":"error","error":{"code":"session_expired""",                                                  new(SignalKind.Error) },
        { """{"type":"response.video.delta"}""",                                                                   new(SignalKind.Unknown) },
        { """{"type":7}""",                                                                                        default },
        { """[{"type":"error"}]""",                                                                                default },
        { "",                                                                                                      default },
    };

    [Theory, MemberData(nameof(Passed))]
    public void An_event_of_the_provider_passes(string type) => Assert.Equal(default, Read($$"""{"type":"{{type}}","event_id":"event_1"}"""));

    [Theory, MemberData(nameof(Signals))]
    public void An_event_of_the_provider_is_read(string frame, FrameSignal signal) => Assert.Equal(signal, Read(frame));

    [Theory]
    [InlineData("session.update", SignalKind.None)]
    [InlineData("conversation.item.create", SignalKind.None)]
    [InlineData("conversation.item.delete", SignalKind.None)]
    [InlineData("conversation.item.retrieve", SignalKind.None)]
    [InlineData("conversation.item.truncate", SignalKind.None)]
    [InlineData("input_audio_buffer.append", SignalKind.None)]
    [InlineData("input_audio_buffer.commit", SignalKind.None)]
    [InlineData("input_audio_buffer.clear", SignalKind.None)]
    [InlineData("output_audio_buffer.clear", SignalKind.None)]
    [InlineData("response.create", SignalKind.None)]
    [InlineData("response.cancel", SignalKind.None)]
    [InlineData("offer", SignalKind.Offer)]
    [InlineData("response.destroy", SignalKind.Unknown)]
    public void An_event_of_a_client_is_known_or_not(string type, SignalKind kind) =>
        Assert.Equal(new FrameSignal(kind), Dialect.ReadClient(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}"}""")));

    [Theory]
    [InlineData("""{"type":"response.done","response":{"id":"resp_1","usage":{"total_tokens":3,"input_tokens":1,"output_tokens":2}}}""")]
    [InlineData("""{"type":"conversation.item.input_audio_transcription.completed","item_id":"i","content_index":0,"usage":{"total_tokens":3}}""")]
    public void What_a_response_and_a_transcription_used_is_read(string frame)
    {
        var signal = Read(frame);

        Assert.Equal((SignalKind.Usage, true), (signal.Kind, signal.Usage is not null));
    }

    [Fact]
    public void Seconds_are_counted_by_our_own_clock() => Assert.Equal(MeteredBy.OwnClock, Dialect.MeteredBy(version: null));

    [Theory]
    [InlineData(CloseCode.InvalidCredential, "invalid_request_error", "invalid_api_key", "Unauthorized: invalid API key")]
    [InlineData(CloseCode.InsufficientCredits, "insufficient_quota", "insufficient_quota", "Permission denied: insufficient credits")]
    [InlineData(CloseCode.ModelNotAllowed, "invalid_request_error", "model_not_found", "Model not allowed")]
    [InlineData(CloseCode.TenantSuspended, "invalid_request_error", "tenant_suspended", "Permission denied: account suspended")]
    [InlineData(CloseCode.ServerShutdown, "server_error", "server_shutdown", "Server is restarting, please reconnect")]
    public void A_refusal_is_an_error_event(CloseCode code, string type, string name, string words)
    {
        var error = $$"""{"type":"{{type}}","code":"{{name}}","message":"{{words}}","param":null,"event_id":null}""";
        var expected = $$"""{"type":"error","event_id":"event_{{code.Entry().Name}}","error":{{error}}}""";

        Assert.Equal(expected, Encoding.UTF8.GetString(Dialect.Refusal(code).Single()));
        Assert.Equal(expected, Encoding.UTF8.GetString(Dialect.Farewell(code, generatedMs: 1_000).Single()));
    }

    [Fact]
    public void Our_limit_of_a_session_ends_it_as_the_providers_does()
    {
        Assert.Contains("\"code\":\"session_expired\"", Encoding.UTF8.GetString(Dialect.Farewell(CloseCode.DurationLimit, 1).Single()), StringComparison.Ordinal);
        Assert.Empty(Dialect.Farewell(CloseCode.ClientClosed, 1));
        Assert.Empty(Dialect.Farewell(CloseCode.EndedByTenant, 1));
    }

    [Theory]
    [InlineData("""{"type":"session.update","event_id":"mine","session":{}}""", "\"mine\"")]
    [InlineData("""{"type":"session.update"}""", "null")]
    [InlineData("""{"type":"session.update","event_id":7}""", "null")]
    public void A_frame_is_declined_with_its_own_event_id(string frame, string id)
    {
        var told = Encoding.UTF8.GetString(Dialect.Decline(Encoding.UTF8.GetBytes(frame), "No \"such\" thing").Single());

        const string Error = """{"type":"invalid_request_error","code":"not_allowed","message":"No \"such\" thing","param":null,"event_id":ID}""";
        Assert.Equal($$"""{"type":"error","event_id":"event_declined","error":{{Error.Replace("ID", id, StringComparison.Ordinal)}}}""", told);
    }

    [Fact]
    public void Every_code_of_the_catalogue_has_words() => Assert.All(CloseCodes.All, entry =>
    {
        var error = JsonElement.Parse(OpenAIMessages.Error(entry.Code)).GetProperty("error");
        Assert.Equal(entry.Reason, error.GetProperty("message").GetString());
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
    });

    private static FrameSignal Read(string frame) => Dialect.ReadUpstream(Encoding.UTF8.GetBytes(frame));
}
