using System.Text;
using Orchestrator.Gateway.Sessions.Observing;

namespace Orchestrator.Tests.Sessions.Observing;

public class ObserverCommandTests
{
    [Fact]
    public void A_frame_to_be_sent_stands_in_the_command_as_it_is()
    {
        var command = ObserverCommand.Read("""{"type":"steer","id":"7","frame": { "type":"prompt", "prompt":"\u00fc\ud800" } }"""u8.ToArray());

        Assert.Equal(("steer", "7"), (command?.Type, command?.Id));
        Assert.Equal("""{ "type":"prompt", "prompt":"\u00fc\ud800" }""", Encoding.UTF8.GetString(command!.Frame!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"end","type":"steer"}""")]
    [InlineData("""{"type":"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"}""")]
    public void What_is_no_command_is_none(string message) => Assert.Null(ObserverCommand.Read(Encoding.UTF8.GetBytes(message)));

    [Theory]
    [InlineData("""{"type":"steer"}""")]
    [InlineData("""{"type":"steer","frame":null}""")]
    [InlineData("""{"type":"steer","frame":"text"}""")]
    public void A_frame_is_an_object(string message) => Assert.Null(ObserverCommand.Read(Encoding.UTF8.GetBytes(message))!.Frame);
}
