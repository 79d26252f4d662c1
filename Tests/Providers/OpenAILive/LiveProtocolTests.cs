using System.Net;
using System.Text.Json;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;
using Orchestrator.Grains.Providers.OpenAILive;

namespace Orchestrator.Tests.Providers.OpenAILive;

/// <summary>How an offer becomes a request, how its answer is read, and where the provider is asked what.</summary>
public class LiveProtocolTests
{
    private static readonly LiveProtocol Protocol = new();

    private static readonly ProviderEntry Provider =
        new("live", new ProviderOptions { Endpoint = new Uri("wss://host.example/v1/live"), ApiKey = new Secret("sk_secret") }, new LiveDialect());

    public static TheoryData<string, string?, string> Answers => new()
    {
        // body                                                                             name      SDP
        { """{"session":{"id":"live_1"},"transport":{"type":"webrtc","sdp":"v=0\r\n"}}""", "live_1", "v=0\r\n" },
        { """{"session":{"id":"../x"},"transport":{"type":"webrtc","sdp":"v=0"}}""",       null,     "v=0" },
        { """{"session":{"id":"live_1"},"transport":{}}""",                                "live_1", "" },
        { """{"session":"live_1","transport":{"sdp":"v=0"}}""",                            null,     "v=0" },
        // Broken off: what was made has to be hung up all the same.
        { """{"session":{"id":"live_1"}""",                                                "live_1", "" },
        { "created",                                                                       null,     "" },
    };

    [Theory]
    [InlineData(null, """{"session":{"model":"let-in"},"transport":{"type":"webrtc","sdp":"v=0\r\n"}}""")]
    [InlineData("""{"model":"another","voice":"x"}""", """{"session":{"model":"let-in","voice":"x"},"transport":{"type":"webrtc","sdp":"v=0\r\n"}}""")]
    public async Task The_settings_are_the_clients_and_the_model_is_the_one_that_was_let_in(string? session, string expected)
    {
        using var body = Protocol.Write(new OpenAIOffer("v=0\r\n", session), "let-in");

        var sent = await body.ReadAsStringAsync();
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), JsonElement.Parse(sent)), sent);
        Assert.Equal("application/json", body.Headers.ContentType?.MediaType);
    }

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_names_the_session_and_holds_its_description_as_far_as_it_does(string body, string? call, string sdp) =>
        Assert.Equal(new OpenAIAnswer(HttpStatusCode.Created, sdp, call), Protocol.Read(new OpenAIAnswer(HttpStatusCode.Created, body, Call: "of_its_location")));

    [Fact]
    public void Addresses_follow_the_providers_endpoint()
    {
        Assert.Equal("https://host.example/v1/live/sessions", Protocol.Calls(Provider).AbsoluteUri);
        Assert.Equal("https://host.example/v1/live/sessions/live_1/fork", Protocol.Call(Provider, "live_1", "fork").AbsoluteUri);
        Assert.Equal("wss://host.example/v1/live/sessions/live_1/attach", Protocol.Sideband(Provider, "live_1").AbsoluteUri);
    }
}
