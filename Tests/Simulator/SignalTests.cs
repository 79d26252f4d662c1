using System.Text;
using Orchestrator.Simulator.Providers.Decart;

namespace Orchestrator.Tests.Simulator;

public class SignalTests
{
    [Theory]
    [InlineData("5", 5000L)]
    [InlineData("0", 0L)]
    [InlineData("0.29", 290L)]
    [InlineData("5.0004", 5000L)]
    [InlineData("1.2e1", 12000L)]
    [InlineData("9007199254740.992", 1L << 53)]
    [InlineData("9007199254740.993", null)]
    [InlineData("\"5\"", null)]
    [InlineData("true", null)]
    [InlineData("null", null)]
    [InlineData("-1", null)]
    [InlineData("1e308", null)]
    [InlineData("{\"a\":[1]}", null)]
    public void Seconds_are_read_exactly_or_not_at_all(string seconds, long? milliseconds)
    {
        var signal = Read($$"""{"type":"generation_tick","seconds":{{seconds}},"reason":"x"}""");

        Assert.Equal((seconds, milliseconds, "x"), (signal.Seconds, signal.Milliseconds, signal.Reason));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[1]")]
    [InlineData("{\"type\":\"prompt\"")]
    public void What_is_no_JSON_object_says_nothing(string text) => Assert.Equal(Signal.Nothing, Read(text));

    [Fact]
    public void A_prompt_is_kept_as_it_came_and_as_text()
    {
        var signal = Read("""{ "prompt" : "caf\u00e9 \/ \"x\"" , "nested": {"type":"other"}, "type":"prompt" }""");

        Assert.Equal(("prompt", "\"caf\\u00e9 \\/ \\\"x\\\"\"", "café / \"x\""), (signal.Type, signal.PromptJson, signal.Prompt));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_kept_though_it_is_no_text()
    {
        var signal = Read("""{"type":"prompt","prompt":"\ud83d"}""");

        Assert.Equal(("prompt", "\"\\ud83d\"", null), (signal.Type, signal.PromptJson, signal.Prompt));
    }

    private static Signal Read(string text) => Signal.Read(Encoding.UTF8.GetBytes(text));
}
