using System.Text;
using Orchestrator.Grains.Providers.Decart.Http;

namespace Orchestrator.Tests.Providers.Decart;

/// <summary>Bodies of dialect C, and whatever else a provider may send in their place.</summary>
public class DecartBodiesTests
{
    private const string Answer = "\"sdp\":{\"type\":\"answer\",\"sdp\":\"v=0\"}";

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"session_id\":\"\"," + Answer + "}")]
    [InlineData("{\"session_id\":\"\\ud800\"," + Answer + "}")]
    [InlineData("{\"session_id\":7," + Answer + "}")]
    [InlineData("{\"session_id\":\"x\",\"sdp\":{\"sdp\":null}}")]
    public void What_opens_no_session_is_none(string body) => Assert.Null(DecartBodies.Opened(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Of_an_opened_session_what_is_odd_is_left_out()
    {
        var servers = string.Join(',', Enumerable.Range(0, 20).Select(i => $"{{\"urls\":[\"turn:{i}\"],\"type\":\"mine\"}}"));

        var opened = DecartBodies.Opened(Encoding.UTF8.GetBytes(
            $"{{\"session_id\":\"x\",{Answer},\"ice_servers\":[7,null,{servers}],\"events\":{{\"url\":7,\"event_token\":\"t\"}}}}"))!;

        Assert.Equal(("x", "v=0", null, "t"), (opened.SessionId, opened.Sdp, opened.Events, opened.EventToken));
        Assert.Equal(8, opened.IceServers.Count);
        Assert.Equal("""{"type":"turn_config","urls":["turn:0"]}""", Encoding.UTF8.GetString(opened.IceServers[0]));
    }

    [Theory]
    [InlineData("ice-candidate", "null", """{"type":"ice-candidate","candidate":null}""")]
    [InlineData("ice-candidate", """{"candidate":"c","sdpMid":null}""", """{"type":"ice-candidate","candidate":{"candidate":"c","sdpMid":null}}""")]
    [InlineData("error", """{"title":"Trouble"}""", """{"type":"error","error":"Trouble"}""")]
    [InlineData("error", """{"title":"Trouble","detail":"a \"hiccup\""}""", """{"type":"error","error":"a \"hiccup\""}""")]
    [InlineData("error", """{"title":7}""", """{"type":"error","error":"The model reported an error."}""")]
    [InlineData("generation_ended", """{"seconds":2,"reason":"timeout","type":"x"}""", """{"type":"generation_ended","seconds":2,"reason":"timeout"}""")]
    [InlineData("status", "7", null)]
    [InlineData("error", "nonsense", null)]
    [InlineData("error", "[]", null)]
    public void An_event_is_a_frame(string type, string data, string? frame) =>
        Assert.Equal(frame, DecartBodies.Frame(type, Encoding.UTF8.GetBytes(data)) is { } bytes ? Encoding.UTF8.GetString(bytes) : null);

    [Theory]
    [InlineData("""{"title":"Unprocessable","detail":"Insufficient credits"}""", "insufficient_credits")]
    [InlineData("""{"title":"Moderation","detail":"no"}""", "moderation_violation")]
    [InlineData("""{"title":"Stopped","detail":"Violates our Content Policy"}""", "moderation_violation")]
    [InlineData("""{"title":"Over","error_type":"session_duration_limit"}""", "timeout")]
    [InlineData("""{"title":"Trouble"}""", "error")]
    [InlineData("nonsense", "error")]
    [InlineData("""{"detail":"\ud800"}""", "error")]
    public void An_end_has_the_reason_that_its_error_names(string error, string reason) => Assert.Equal(reason, DecartBodies.EndReason(Encoding.UTF8.GetBytes(error)));

    [Theory]
    [InlineData("https://far.example/events", "a b", "https://far.example/events?event_token=a%20b")]
    [InlineData("https://far.example/events?x=1", "t", "https://far.example/events?x=1&event_token=t")]
    [InlineData("https://far.example/events?x=1", null, "https://far.example/events?x=1")]
    public void Events_are_opened_with_their_token(string address, string? token, string whole) =>
        Assert.Equal(whole, DecartBodies.WithToken(new Uri(address), token).AbsoluteUri);
}
