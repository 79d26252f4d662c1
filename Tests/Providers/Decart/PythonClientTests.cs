using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers.Decart;

namespace Orchestrator.Tests.Providers.Decart;

/// <summary>
/// What Decart's Python library 0.0.40 makes of the frames that we say ourselves. It reads each into a class of its own, and
/// drops with a warning what lacks a member or has another kind in its place; it waits 15 s for a prompt's answer and 30 s for
/// an image's, and finds a prompt's by its text; it tries five times, unless the error holds one of its words.
/// </summary>
public class PythonClientTests
{
    private static readonly string[] StopWords = ["permission denied", "not allowed", "invalid session", "401", "invalid api key", "unauthorized"];

    private static readonly DecartDialect Dialect = new();

    /// <summary>The members that a class of the library wants, and of what kind.</summary>
    private static readonly Dictionary<string, (string Name, JsonValueKind[] Kinds)[]> Classes = new(StringComparer.Ordinal)
    {
        ["error"]            = [("error", [JsonValueKind.String])],
        ["prompt_ack"]       = [("prompt", [JsonValueKind.String]), ("success", [JsonValueKind.True, JsonValueKind.False]), ("error", [JsonValueKind.String, JsonValueKind.Null])],
        ["set_image_ack"]    = [("success", [JsonValueKind.True, JsonValueKind.False]), ("error", [JsonValueKind.String, JsonValueKind.Null])],
        ["generation_ended"] = [("seconds", [JsonValueKind.Number]), ("reason", [JsonValueKind.String])],
    };

    public static TheoryData<CloseCode> Codes => [.. CloseCodes.All.Select(entry => entry.Code)];

    [Theory, MemberData(nameof(Codes))]
    public void A_refusal_is_an_error_that_it_reads_and_stops_it_exactly_when_it_is_permanent(CloseCode code)
    {
        var said = Assert.Single(Dialect.Refusal(code).Select(Read));

        var stops = StopWords.Any(word => said.GetProperty("error").GetString()!.Contains(word, StringComparison.OrdinalIgnoreCase));
        // A message that is too big ends a session that runs; nobody is refused with it.
        Assert.Equal(code.Entry().Advice is CloseAdvice.StayAway && code is not CloseCode.MessageTooBig, stops);
    }

    [Theory, MemberData(nameof(Codes))]
    public void A_farewell_is_read_and_counts_whole_seconds_as_such(CloseCode code)
    {
        var said = Dialect.Farewell(code, generatedMs: 12_000).Select(Read).ToList();

        // Its seconds are an integer: 12.0 would be taken, 12.5 would not, and is dropped by it without harm.
        Assert.Equal("12", said[0].GetProperty("seconds").GetRawText());
    }

    [Theory]
    [InlineData("""{"type":"prompt","prompt":"paper cutout world","enhance_prompt":true}""", "paper cutout world")]
    [InlineData("""{"type":"prompt","prompt":"\u00e9t\u00e9 \ud83c\udf0a \"sea\"\n"}""", "été 🌊 \"sea\"\n")]
    [InlineData("""{"prompt":"","type":"prompt"}""", "")]
    public void A_prompt_that_is_declined_is_found_by_its_text(string frame, string prompt)
    {
        var said = Read(Assert.Single(Dialect.Decline(Encoding.UTF8.GetBytes(frame), "content policy")));

        Assert.Equal(prompt, said.GetProperty("prompt").GetString());
        Assert.Equal((false, "content policy"), (said.GetProperty("success").GetBoolean(), said.GetProperty("error").GetString()));
    }

    [Fact]
    public void An_image_that_is_declined_answers_whoever_waits_for_one()
    {
        var said = Read(Assert.Single(Dialect.Decline("""{"type":"set_image","image_data":"aGk="}"""u8, "content policy")));

        Assert.Equal("set_image_ack", said.GetProperty("type").GetString());
        Assert.Equal((false, "content policy"), (said.GetProperty("success").GetBoolean(), said.GetProperty("error").GetString()));
    }

    private static JsonElement Read(byte[] frame)
    {
        var said = JsonElement.Parse(frame);
        var members = Classes[said.GetProperty("type").GetString()!];
        Assert.All(members, member => Assert.Contains(said.GetProperty(member.Name).ValueKind, member.Kinds));
        return said;
    }
}
