using System.Text;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Providers;

public class FrameReaderTests
{
    [Theory]
    [InlineData("""{"type":"prompt"}""", true)]
    [InlineData("""{"\ud800":1,"type":"prompt"}""", true)]
    [InlineData("""{"\udc00\ud800":{"type":"x"},"\ud83c\udf0a":2,"type":"prompt"}""", true)]
    [InlineData("""{"ty\u0070e":"pro\u006dpt"}""", true)]
    [InlineData("""{"\\ud800":1,"type":"prompt"}""", true)]
    [InlineData("""{"type":"\ud800"}""", false)]
    [InlineData("""{"type":"\ud800prompt"}""", false)]
    [InlineData("""{"type":"prompt\udc00"}""", false)]
    [InlineData("""{"type":"\ud83c\ud83c"}""", false)]
    [InlineData("""{"type":"\ud83c\u0041"}""", false)]
    [InlineData("""{"\ud800type":"prompt"}""", false)]
    [InlineData("""{"\ud800":""", false)]
    public void A_half_of_a_surrogate_pair_is_no_text_and_nothing_throws(string frame, bool isPrompt)
    {
        var isTyped = FrameReader.TryReadType(Encoding.UTF8.GetBytes(frame), out var reader);

        Assert.Equal(isPrompt, isTyped && reader.ValueTextEquals("prompt"u8));
    }

    [Fact]
    public void A_member_is_found_behind_a_name_that_is_no_text()
    {
        var frame = """{"\udfff":{"error":"no"},"error":"yes"}"""u8;

        Assert.Equal("yes", FrameReader.ReadText(frame, "error"u8));
    }
}
