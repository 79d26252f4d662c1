using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Tests.Providers;

/// <summary>What clients see of a provider: neither its name nor its host, in the form that it gave its words.</summary>
public class LabellingTests
{
    private static readonly DecartDialect Decart = new();

    private static readonly ProviderNames Names = new(Options.Create(new ProvidersOptions
    {
        ["gpu-east"] = new() { Endpoint = new Uri("wss://api9.maker.example/v1/stream"), Aliases = ["The Maker"] },
    }));

    public static TheoryData<string, string, string?> Errors => new()
    {
        { "no name", """{"type":"error","error":"Invalid input"}""", null },
        { "an entry's name", """{"type":"error","error":"node GPU-EAST-7 died"}""", """{"type":"error","error":"The model reported an error"}""" },
        { "an alias", """{"type":"error", "error" : "the maker is full", "error_type":"x"}""", """{"type":"error", "error" : "The model reported an error", "error_type":"x"}""" },
        { "a host", """{"type":"error","error":"GET wss://api9.maker.example/ failed"}""", """{"type":"error","error":"The model reported an error"}""" },
        { "a maker", """{"type":"error","error":"Decart: insufficient credits"}""", """{"type":"error","error":"Server unavailable, please try again later"}""" },
        { "a maker that is full", """{"type":"error","error":"Decart: Server at capacity."}""", """{"type":"error","error":"Server at capacity, please try again later"}""" },
        { "what was our key", """{"type":"error","error":"Invalid API key ***"}""", """{"type":"error","error":"Server unavailable, please try again later"}""" },
        { "moderation", """{"type":"error","error":"OpenAI moderation"}""", """{"type":"error","error":"Content not allowed"}""" },
        { "an escaped name", """{"type":"error","error":"\u0064ecart failed"}""", """{"type":"error","error":"The model reported an error"}""" },
        { "an inner text", """{"type":"error","error":"x","more":{"message":"LiveStyler says no","code":7}}""",
            """{"type":"error","error":"x","more":{"message":"The model reported an error","code":7}}""" },
        { "a name of a member", """{"type":"error","error":"x","decart_code":7}""", """{"type":"error","error":"The model reported an error"}""" },
    };

    [Theory, MemberData(nameof(Errors))]
    public void An_error_that_tells_who_the_provider_is_is_told_in_our_words(string what, string error, string? told)
    {
        var frame = Encoding.UTF8.GetBytes(error);

        var labelled = Wording.Usual.Label(frame, Decart.ReadUpstream(frame), Names, Decart);

        Assert.True(told == (labelled is null ? null : Encoding.UTF8.GetString(labelled)), $"{what}: {(labelled is null ? "as it was" : Encoding.UTF8.GetString(labelled))}");
    }

    [Theory]
    [InlineData("OpenAI gives you an hour.", "Session time is over")]
    [InlineData("Your session hit the maximum duration of 60 minutes.", null)]
    public void An_error_that_ends_the_session_is_labelled_too(string words, string? told)
    {
        var dialect = new OpenAIDialect();
        var frame = Encoding.UTF8.GetBytes($$$"""{"type":"error", "error":{"code":"session_expired","message":"{{{words}}}"}}""");

        var labelled = Wording.Usual.Label(frame, dialect.ReadUpstream(frame), Names, dialect);

        var expected = told is null ? null : $$$"""{"type":"error", "error":{"code":"session_expired","message":"{{{told}}}"}}""";
        Assert.Equal(expected, labelled is null ? null : Encoding.UTF8.GetString(labelled));
    }

    [Theory]
    [InlineData("wss://media.maker.example/rtc?x=1", "wss://media.shop.example/rtc?x=1")]
    [InlineData("ws://media.maker.example:7880", "ws://media.shop.example")]
    [InlineData("wss://media.maker.example?x", "wss://media.shop.example?x")]
    [InlineData("media.maker.example", "wss://media.shop.example")]
    public void The_address_of_a_room_gets_the_tenants_host_and_nothing_else_changes(string address, string expected)
    {
        var frame = $$"""{ "type":"livekit_room_info","livekit_url" : "{{address}}", "token":"t\u00fc", "x":{"livekit_url":"{{address}}"}, "n":1e400 }""";

        var rehosted = Decart.Rehost(Encoding.UTF8.GetBytes(frame), "media.shop.example");

        Assert.Equal(frame.Replace($"\"livekit_url\" : \"{address}\"", $"\"livekit_url\" : \"{expected}\"", StringComparison.Ordinal), Encoding.UTF8.GetString(rehosted!));
    }

    [Theory]
    [InlineData("""{"type":"answer","sdp":"x","livekit_url":"wss://a"}""")]
    [InlineData("""{"type":"livekit_room_info","token":"t"}""")]
    [InlineData("""{"type":"livekit_room_info","livekit_url":"wss://a""")]
    public void Every_other_frame_stays_as_it_is(string frame) => Assert.Null(Decart.Rehost(Encoding.UTF8.GetBytes(frame), "media.shop.example"));

    [Fact]
    public void A_tenants_own_words_stand_where_the_catalogues_would()
    {
        var words = new Wording([new ErrorText(CloseCode.InsufficientCredits, "Permission denied: top up at shop.example \"now\"")]);

        var frames = words.In(Decart.Farewell(CloseCode.InsufficientCredits, generatedMs: 1_500), CloseCode.InsufficientCredits);

        Assert.Equal(
            ["""{"type":"generation_ended","seconds":1.5,"reason":"insufficient_credits"}""", """{"type":"error","error":"Permission denied: top up at shop.example \"now\""}"""],
            frames.Select(Encoding.UTF8.GetString));
        Assert.Equal(new WireClose(4402, "Permission denied: top up at shop.example \"now\""), words.CloseFor(CloseCode.InsufficientCredits));
        Assert.Equal(WireClose.For(CloseCode.DurationLimit), words.CloseFor(CloseCode.DurationLimit));
    }

    [Theory]
    [InlineData(CloseCode.InvalidCredential, "Unauthorized, dear friend", true)]
    [InlineData(CloseCode.InvalidCredential, "Who are you?", false)]
    [InlineData(CloseCode.UpstreamFull, "All seats are taken", true)]
    [InlineData(CloseCode.UpstreamFull, "More is not allowed", false)]
    [InlineData(CloseCode.UpstreamFull, "", false)]
    [InlineData(CloseCode.UpstreamFull, "two\nlines", false)]
    [InlineData(CloseCode.UpstreamFull, "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", false)]
    public void Words_of_a_permanent_refusal_stop_published_clients(CloseCode code, string text, bool mayStand) =>
        Assert.Equal(mayStand, ErrorText.WhyNot(code, text) is null);

    [Theory]
    [InlineData("ek_", true)]
    [InlineData("shop7_", true)]
    [InlineData("ork_", false)]
    [InlineData("ot_", false)]
    [InlineData("_", false)]
    [InlineData("shop", false)]
    [InlineData("sh-op_", false)]
    [InlineData("abcdefghijklmnopq_", false)]
    public void A_prefix_of_tokens_is_a_word_and_none_of_our_own(string prefix, bool mayBe) => Assert.Equal(mayBe, CredentialText.IsTokenPrefix(prefix));

    [Theory]
    [InlineData("media.shop.example", true)]
    [InlineData("media.shop.example:7443", true)]
    [InlineData("media.shop.example:0", false)]
    [InlineData("wss://media.shop.example", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("media", false)]
    public void A_media_host_is_a_name_with_perhaps_a_port(string host, bool mayBe) => Assert.Equal(mayBe, HostName.IsAuthority(host));
}
