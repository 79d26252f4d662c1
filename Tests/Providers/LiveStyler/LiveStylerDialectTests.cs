using System.Text;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.LiveStyler;

namespace Orchestrator.Tests.Providers.LiveStyler;

/// <summary>What each message of the provider's page means, in both of its versions.</summary>
public class LiveStylerDialectTests
{
    private const string PoolFull = "Maximum pool size reached. Cannot assign a new node.";
    private const string NoStart = "Failed to start a stopped node.";

    private static readonly LiveStylerDialect Dialect = new();

    public static TheoryData<string, FrameSignal> FromProvider => new()
    {
        // frame                                                                                          signal
        { """{"type":"auth_success"}""",                                                                   new(SignalKind.None) },
        { """{"type":"node_status","status":"pending"}""",                                                 new(SignalKind.Node, Node: NodeStatus.Pending) },
        { """{"type":"node_status","status":"waiting"}""",                                                 new(SignalKind.Node, Node: NodeStatus.Waiting) },
        { """{"type":"node_status","status":"full"}""",                                                    new(SignalKind.Node, Node: NodeStatus.Full) },
        { """{"status":"full","type":"node_status"}""",                                                    new(SignalKind.Node, Node: NodeStatus.Full) },
        { """{"type":"node_status","status":"rebooting"}""",                                               new(SignalKind.Node) },
        { """{"type":"node_status","status":7}""",                                                         new(SignalKind.Node) },
        { """{"type":"node_status"}""",                                                                    new(SignalKind.Node) },
        { """{"type":"server_provisioning"}""",                                                            new(SignalKind.Node, Node: NodeStatus.Pending) },
        { """{"type":"answer","sdp":"v=0"}""",                                                             new(SignalKind.Answer) },
        { """{"type":"answer","payload":{"type":"answer","sdp":"v=0"}}""",                                 new(SignalKind.Answer) },
        { """{"type":"candidate","candidate":{"sdpMid":"0","sdpMLineIndex":0,"candidate":"candidate:1"}}""", new(SignalKind.None) },
        { """{"type":"ice_candidate","payload":{"candidate":"candidate:1"}}""",                            new(SignalKind.None) },
        { $$"""{"type":"error","message":"{{PoolFull}}"}""",                                               new(SignalKind.Error, Text: PoolFull, Node: NodeStatus.Full) },
        { $$"""{"type":"error","data":{"text":["{{NoStart}}"] } }""",                                       new(SignalKind.Error, Text: NoStart, Node: NodeStatus.Full) },
        { $$"""{"error":"failed: {{NoStart}} (code 7)"}""",                                                new(SignalKind.Error, Text: NoStart, Node: NodeStatus.Full) },
        { """{"type":"offer_failed","error":"Maximum\u0020pool size reached. \u0043annot assign a new node."}""", new(SignalKind.Error, Text: PoolFull, Node: NodeStatus.Full) },
        { PoolFull,                                                                                        new(SignalKind.Error, Text: PoolFull, Node: NodeStatus.Full) },
        { $$"""{"type":"answer","sdp":"{{PoolFull}}"}""",                                                  new(SignalKind.Answer) },
        { """{"type":"error","message":"no"}""",                                                           new(SignalKind.Unknown) },
        { """{"type":"model_changed","model":"romantic"}""",                                               new(SignalKind.Unknown) },
        { """{"type":"AUTH_SUCCESS"}""",                                                                   new(SignalKind.Unknown) },
        { """{"status":"waiting"}""",                                                                      default },
        { """{"type":5}""",                                                                                default },
        { """{"type":"node_sta""",                                                                         default },
        { """["node_status"]""",                                                                           default },
        { "",                                                                                              default },
        { "hello",                                                                                         default },
    };

    [Theory, MemberData(nameof(FromProvider))]
    public void A_frame_of_the_provider_means(string frame, FrameSignal signal) => Assert.Equal(signal, Dialect.ReadUpstream(Encoding.UTF8.GetBytes(frame)));

    [Fact]
    public void A_long_frame_is_searched_for_no_error() =>
        Assert.Equal(SignalKind.Unknown, Dialect.ReadUpstream(Encoding.UTF8.GetBytes($$"""{"type":"x","padding":"{{new string('p', 20_000)}}","error":"{{NoStart}}"}""")).Kind);

    public static TheoryData<string, SignalKind> FromClient => new()
    {
        { """{"type":"session_start"}""",                                                  SignalKind.None },
        { """{"type":"offer","sdp":"v=0"}""",                                              SignalKind.Offer },
        { """{"type":"offer","payload":{"data":{"type":"offer","sdp":"v=0"}}}""",          SignalKind.Offer },
        { """{"type":"candidate","candidate":{"candidate":""}}""",                         SignalKind.None },
        { """{"type":"ice_candidate","payload":{}}""",                                     SignalKind.None },
        { """{"type":"change_model","model":"romantic"}""",                                SignalKind.None },
        { """{"type":"CREDENTIAL","payload":{"credential":"x"}}""",                        SignalKind.Credential },
        { """{"payload":{"credential":"x"},"type":"CREDENTIAL"}""",                        SignalKind.Credential },
        { """{"type":"offer","type":"CREDENTIAL","payload":{"credential":"x"}}""",         SignalKind.Credential },
        { """{"type":"\u0043REDENTIAL","payload":{"credential":"x"}}""",                   SignalKind.Credential },
        { """{"\u0074ype":"CREDENTIAL","payload":{"credential":"x"}}""",                   SignalKind.Credential },
        { """{"type":"\ud800","type":"CREDENTIAL","payload":{"credential":"x"}}""",         SignalKind.Credential },
        { """{"\ud800":1,"type":"CREDENTIAL","payload":{"credential":"x"}}""",             SignalKind.Credential },
        { """{"type":"CREDENTIAL","payload":{"cred""",                                     SignalKind.Credential },
        { """{"payload":{"type":"CREDENTIAL"}}""",                                         SignalKind.None },
        { """{"type":["CREDENTIAL"]}""",                                                   SignalKind.None },
        { "CREDENTIAL",                                                                    SignalKind.None },
        { "",                                                                              SignalKind.None },
    };

    [Theory, MemberData(nameof(FromClient))]
    public void A_frame_of_the_client_means(string frame, SignalKind kind) => Assert.Equal(kind, Dialect.ReadClient(Encoding.UTF8.GetBytes(frame)).Kind);

    [Theory]
    [InlineData("""{"type":"\ud800node_status"}""")]
    [InlineData("""{"\udc00type":"node_status"}""")]
    [InlineData("""{"\ud800":"node_status","type":"\ud800"}""")]
    [InlineData("""{"type":"node_status","status":"\ud800"}""")]
    [InlineData("""{"type":"\ud800CREDENTIAL","payload":{"credential":"\ud800"}}""")]
    [InlineData("""{"type":"x","error":"\ud800Failed to"}""")]
    public void Half_a_character_breaks_nothing(string frame)
    {
        var bytes = Encoding.UTF8.GetBytes(frame);

        Assert.NotEqual(SignalKind.Error, Dialect.ReadUpstream(bytes).Kind);
        Assert.NotEqual(SignalKind.Offer, Dialect.ReadClient(bytes).Kind);
        Assert.Null(Dialect.Version(bytes));
        Assert.Null(Dialect.Leg!.Credential!.Read(bytes));
        Assert.Equal(default, Dialect.Signaling!.Read(bytes));
    }

    [Theory]
    [InlineData("""{"type":"session_start"}""", "livestyler")]
    [InlineData("""{"type":"offer","sdp":"v=0"}""", "livestyler")]
    [InlineData("""{"type":"candidate","candidate":{}}""", "livestyler")]
    [InlineData("""{"type":"offer","payload":{"data":{}}}""", "livestyler-2025-07")]
    [InlineData("""{"type":"ice_candidate","payload":{}}""", "livestyler-2025-07")]
    [InlineData("""{"type":"change_model"}""", null)]
    [InlineData("x", null)]
    public void The_version_shows_in_a_frame_of_the_client(string frame, string? version) => Assert.Equal(version, Dialect.Version(Encoding.UTF8.GetBytes(frame)));

    [Theory]
    [InlineData("""{"type":"CREDENTIAL","payload":{"credential":"ork_1"}}""", "ork_1")]
    [InlineData(""" { "payload" : {"x":1,"credential":"ek_2"}, "type" : "CREDENTIAL" } """, "ek_2")]
    [InlineData("""{"type":"CREDENTIAL","payload":{"credential":""}}""", null)]
    [InlineData("""{"type":"CREDENTIAL","payload":{"credential":5}}""", null)]
    [InlineData("""{"type":"CREDENTIAL","payload":"ork_1"}""", null)]
    [InlineData("""{"type":"CREDENTIAL","credential":"ork_1"}""", null)]
    [InlineData("""{"type":"credential","payload":{"credential":"ork_1"}}""", null)]
    [InlineData("""{"type":"session_start"}""", null)]
    [InlineData("""{"type":"CREDENTIAL","payload":{"credential":"ork_1"}""", null)]
    [InlineData("""["CREDENTIAL"]""", null)]
    [InlineData("ork_1", null)]
    [InlineData("", null)]
    public void The_credential_is_read_out_of_its_frame_and_no_other(string frame, string? credential) =>
        Assert.Equal(credential, Dialect.Leg!.Credential!.Read(Encoding.UTF8.GetBytes(frame)));

    [Theory]
    [InlineData(CloseCode.InvalidCredential)]
    [InlineData(CloseCode.CredentialExpired)]
    [InlineData(CloseCode.CredentialRevoked)]
    public void A_bad_credential_is_closed_without_a_word(CloseCode code)
    {
        Assert.Empty(Dialect.Refusal(code));
        Assert.Equal(new WireClose(1008, null), Dialect.Leg!.Credential!.Refusal);
    }

    [Fact]
    public void Whoever_finds_no_room_hears_so_in_the_documented_word_and_in_words()
    {
        string[] words = ["""{"type":"node_status","status":"full"}""",
            """{"type":"error","message":"Server at capacity, please try again later","error":"Server at capacity, please try again later"}"""];

        Assert.Equal(words, Text(Dialect.Refusal(CloseCode.ServerBusy)));
        Assert.Equal(words, Text(Dialect.Farewell(CloseCode.UpstreamFull, generatedMs: null)));
    }

    [Fact]
    public void An_end_that_was_meant_needs_no_words_and_any_other_gets_them()
    {
        Assert.Empty(Dialect.Farewell(CloseCode.EndedByTenant, generatedMs: 1_000));
        Assert.Equal(
            ["""{"type":"error","message":"Permission denied: insufficient credits","error":"Permission denied: insufficient credits"}"""],
            Text(Dialect.Farewell(CloseCode.InsufficientCredits, generatedMs: 1_000)));
        Assert.Equal(
            ["""{"type":"error","message":"Not now, \"friend\"","error":"Not now, \"friend\""}"""],
            Text(Dialect.Decline("""{"type":"change_model"}"""u8, "Not now, \"friend\"")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("2025-07")]
    public void Our_own_clock_counts(string? version) => Assert.Equal(MeteredBy.OwnClock, Dialect.MeteredBy(version));

    private static IEnumerable<string> Text(IReadOnlyList<byte[]> frames) => frames.Select(frame => Encoding.UTF8.GetString(frame));
}
