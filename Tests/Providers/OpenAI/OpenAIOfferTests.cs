using System.Text;
using System.Text.Json;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Tests.Providers.OpenAI;

/// <summary>How an offer becomes a request, and where the provider is asked what.</summary>
public class OpenAIOfferTests
{
    private static readonly ProviderEntry Provider = Entry("wss://host.example/v1/realtime");

    [Theory]
    [InlineData(null, """{"type":"realtime","model":"let-in"}""")]
    [InlineData("""{"model":"another","instructions":"x"}""", """{"model":"let-in","instructions":"x","type":"realtime"}""")]
    [InlineData("""{"type":"realtime","audio":{"output":{"voice":"marin"}}}""", """{"type":"realtime","audio":{"output":{"voice":"marin"}},"model":"let-in"}""")]
    public void The_settings_are_the_clients_and_the_model_is_the_one_that_was_let_in(string? session, string settings)
    {
        var offer = OpenAIOffer.Read(OpenAIMessages.Offer("v=0\r\n", session))!;

        Assert.Equal("v=0\r\n", offer.Sdp);
        var sent = RealtimeProtocol.SettingsFor(offer, "let-in");
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(settings), JsonElement.Parse(sent)), sent);
    }

    [Theory]
    [InlineData("""{"type":"session.update"}""")]
    [InlineData("""{"type":"offer"}""")]
    [InlineData("""{"type":"offer","sdp":""}""")]
    [InlineData("v=0")]
    public void What_is_no_offer_makes_no_call(string frame) => Assert.Null(OpenAIOffer.Read(Encoding.UTF8.GetBytes(frame)));

    [Fact]
    public void The_answer_is_read_as_any_dialects_is()
    {
        var word = new OpenAISignaling().Read(OpenAIMessages.Answer("v=0\r\nanswer", "rtc_1"));

        Assert.Equal(new SignalingWord(SignalingWordKind.Answer, "v=0\r\nanswer"), word);
    }

    [Fact]
    public void Addresses_follow_the_providers_endpoint()
    {
        var protocol = new RealtimeProtocol();
        KeyValuePair<string, string>[] asked = [new("call_id", "rtc_theirs"), new("Intent", "transcription"), new("extra", "a b")];
        var request = new UpstreamRequest(Provider, "gpt &x", asked, ClientSurface.WebSocket);

        Assert.Equal("wss://host.example/v1/realtime?model=gpt%20%26x&extra=a%20b", OpenAIAddresses.Session(request).AbsoluteUri);
        Assert.Equal("wss://host.example/v1/realtime?call_id=rtc_1", protocol.Sideband(Provider, "rtc_1").AbsoluteUri);
        Assert.Equal("https://host.example/v1/realtime/calls", protocol.Calls(Provider).AbsoluteUri);
        Assert.Equal("http://127.0.0.1:8090/base/calls/rtc_1/hangup", protocol.Call(Entry("ws://127.0.0.1:8090/base/"), "rtc_1", "hangup").AbsoluteUri);
    }

    private static ProviderEntry Entry(string endpoint) =>
        new("voice", new ProviderOptions { Endpoint = new Uri(endpoint), ApiKey = new Secret("sk_secret") }, new OpenAIDialect());
}
