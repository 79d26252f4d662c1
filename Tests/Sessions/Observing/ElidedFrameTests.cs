using System.Text;
using Orchestrator.Gateway.Sessions.Observing;

namespace Orchestrator.Tests.Sessions.Observing;

/// <summary>What observers see of a frame: its words, and neither media nor secrets.</summary>
public class ElidedFrameTests
{
    private static readonly string Long = new('A', 300);
    private static readonly string Key = "ork_" + new string('k', 43);

    public static TheoryData<string, string, string> Frames => new()
    {
        { "as it is", """{ "type" : "prompt", "prompt":"a \ud800 \u00fc", "n":1e400 }""", """{ "type" : "prompt", "prompt":"a \ud800 \u00fc", "n":1e400 }""" },
        { "an image", """{"type":"set_image","image_data":"AAAA","prompt":"x"}""", """{"type":"set_image","image_data":"[elided: 4 characters]","prompt":"x"}""" },
        { "no image", """{"type":"set_image","image_data":null}""", """{"type":"set_image","image_data":null}""" },
        { "a data address", """{"image_url":"data:image/png;base64,AA=="}""", """{"image_url":"[elided: 26 characters]"}""" },
        { "audio", """{"audio":"AA","type":"input_audio_buffer.append"}""", """{"audio":"[elided: 2 characters]","type":"input_audio_buffer.append"}""" },
        { "an audio delta", """{"delta":"AA","type":"response.output_audio.delta"}""", """{"delta":"[elided: 2 characters]","type":"response.output_audio.delta"}""" },
        { "a text delta", """{"type":"response.output_text.delta","delta":"Hello"}""", """{"type":"response.output_text.delta","delta":"Hello"}""" },
        { "long Base64 anywhere", $$"""{"a":[{"b":"{{Long}}"}]}""", """{"a":[{"b":"[elided: 300 characters]"}]}""" },
        { "long words", $$"""{"a":"{{Long}} {{Long}}"}""", $$"""{"a":"{{Long}} {{Long}}"}""" },
        { "a credential of LiveStyler's form", """{"type":"CREDENTIAL","payload":{"credential":"sk_x"}}""", """{"type":"CREDENTIAL","payload":{"credential":"***"}}""" },
        { "a room's token", """{"livekit_url":"wss://m","token":"eyJ.x.y","room_name":"r"}""", """{"livekit_url":"wss://m","token":"***","room_name":"r"}""" },
        { "a secret object", """{"client_secret":{"value":"v","of":["w"]},"x":"y"}""", """{"client_secret":{"value":"***","of":["***"]},"x":"y"}""" },
        { "a secret list", """{"credentials":["v",1],"x":"y"}""", """{"credentials":["***",1],"x":"y"}""" },
        { "no secret", """{"token":null,"x":"y","tokens":3}""", """{"token":null,"x":"y","tokens":3}""" },
        { "a key in a prompt", $$"""{"prompt":"my key is {{Key}}, {{Key}}"}""", """{"prompt":"my key is ***, ***"}""" },
        { "a key for a name", $$"""{"{{Key}}":1}""", """{"***":1}""" },
        { "an SDP", """{"sdp":"v=0\r\na=ice-pwd:abc\r\n"}""", """{"sdp":"v=0\r\na=ice-pwd:abc\r\n"}""" },
        { "a list", """["AA",{"audio":"AA"}]""", """["AA",{"audio":"[elided: 2 characters]"}]""" },
        { "a number", "17", "17" },
    };

    [Theory, MemberData(nameof(Frames))]
    public void Media_and_secrets_are_taken_out_and_all_else_stands(string what, string frame, string shown) =>
        Assert.True(shown == ElidedFrame.Json(Encoding.UTF8.GetBytes(frame)), $"{what}: {ElidedFrame.Json(Encoding.UTF8.GetBytes(frame))}");

    [Theory]
    [InlineData("")]
    [InlineData("""{"a":""")]
    [InlineData("""{"a":1}x""")]
    [InlineData("hello")]
    public void What_is_no_JSON_is_shown_as_text(string frame)
    {
        Assert.Null(ElidedFrame.Json(Encoding.UTF8.GetBytes(frame)));
        Assert.Equal(frame, ElidedFrame.Text(Encoding.UTF8.GetBytes(frame)));
    }

    [Fact]
    public void What_nests_deeper_than_is_looked_into_is_shown_as_text() =>
        Assert.Null(ElidedFrame.Json(Encoding.UTF8.GetBytes(new string('[', 65) + new string(']', 65))));

    [Fact]
    public void A_long_text_is_cut_once_it_holds_no_credential()
    {
        Assert.Equal("[elided: 300 characters]", ElidedFrame.Text(Encoding.UTF8.GetBytes(Long)));
        var cut = ElidedFrame.Text(Encoding.UTF8.GetBytes(new string(' ', ElidedFrame.LongestText - 10) + Key));
        Assert.EndsWith(" ***", cut, StringComparison.Ordinal);
    }
}
