using System.Text.Json;
using Orchestrator.Simulator.Demo;
using Orchestrator.Simulator.Demo.Dialects;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator;

public class DemoStoryTests
{
    private static readonly SessionView Session = new("s1", "user", new("simulator", "sim-1"), null, DateTimeOffset.UnixEpoch, null);

    [Theory]
    [InlineData(0, 1, "  0.000 s  1 connect       x")]
    [InlineData(-5, 1, "  0.000 s  1 connect       x")]
    [InlineData(9_999, 2, "  9.999 s  2 authenticate  x")]
    [InlineData(12_345, 9, " 12.345 s  9 bill          x")]
    public void A_line_is_aligned(int elapsedMs, int step, string line) =>
        Assert.Equal(line, Story.Line(TimeSpan.FromMilliseconds(elapsedMs), (DemoStep)step, "x", colours: false));

    [Fact]
    public void Colours_change_nothing_but_the_colour()
    {
        var line = Story.Line(TimeSpan.FromSeconds(1), DemoStep.Relay, "x", colours: true);

        Assert.Equal("\e[2m  1.000 s\e[0m  \e[36m6 relay       \e[0m  x", line);
    }

    [Theory]
    [InlineData(false, null, "xterm", true)]
    [InlineData(false, "", "xterm", true)]
    [InlineData(false, "1", "xterm", false)]
    [InlineData(false, null, "dumb", false)]
    [InlineData(true, null, "xterm", false)]
    public void Colours_are_for_terminals_that_want_them(bool isRedirected, string? noColor, string terminal, bool expected) =>
        Assert.Equal(expected, Story.WantsColours(isRedirected, noColor, terminal));

    [Fact]
    public void Lines_come_in_the_order_of_what_happened_whenever_they_became_known()
    {
        using var output = new StringWriter { NewLine = "\n" };
        var time = new TestTimeProvider();
        var story = new Story(output, colours: false, time);
        var began = time.GetUtcNow();

        story.Tell(began.AddSeconds(2), DemoStep.Meter, "second");
        story.Tell(began.AddSeconds(1), DemoStep.Claim, "first");
        story.Tell(began.AddSeconds(2), DemoStep.End, "third");
        story.PrintAll();
        story.PrintAll();

        Assert.Equal("  1.000 s  3 claim         first\n  2.000 s  7 meter         second\n  2.000 s  8 end           third\n", output.ToString());
    }

    public static TheoryData<string, string?, string, string> Happenings => new()
    {
        // kind                detail                                     step        sentence holds
        { "admitted",           null,                                      "Admit",    "Admitted" },
        { "upstream_opened",    null,                                      "Dial",     "own key" },
        { "upstream_named",     """{"upstream":"sim-1"}""",                "Dial",     "calls its session sim-1." },
        { "queued",             """{"position":2,"size":3}""",             "Relay",    "Queue: place 2 of 3." },
        { "queued",             null,                                      "Relay",    "Queue: place ? of ?." },
        { "node_reported",      """{"status":"pending"}""",                "Relay",    "pending: not ready yet." },
        { "node_reported",      """{"status":"waiting"}""",                "Relay",    "waiting: it is ready" },
        { "node_reported",      """{"status":"full"}""",                   "Relay",    "full: it has no place." },
        { "media_offered",      null,                                      "Relay",    "offer" },
        { "media_answered",     null,                                      "Relay",    "answer" },
        { "generation_started", """{"run":1}""",                           "Meter",    "Run 1 begins to count" },
        { "generation_ended",   """{"run":1,"reason":"timeout"}""",        "Meter",    "Run 1 ended: timeout." },
        { "client_left",        """{"close":{"code":1000}}""",             "End",      "client is gone" },
        { "session_ended",      """{"code":4000,"reason":"client_closed"}""", "End",   "over: client_closed." },
        { "of_a_later_version", """{"x":1}""",                             "Relay",    """of_a_later_version {"x":1}""" },
    };

    [Theory, MemberData(nameof(Happenings))]
    public void What_the_gateway_did_is_told_in_its_step(string kind, string? detail, string step, string words)
    {
        var happening = new TimelineView.Happening(1, DateTimeOffset.UnixEpoch, kind, Phase: null, detail is null ? null : JsonElement.Parse(detail));

        var told = Assert.Single(TimelineTeller.Tell(happening, Session));

        Assert.Equal(step, told.Step.ToString());
        Assert.Contains(words, told.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_claim_is_told_with_the_authentication_before_it()
    {
        var told = TimelineTeller.Tell(new(1, DateTimeOffset.UnixEpoch, "session_claimed", Phase: null, Detail: null), Session);

        Assert.Equal([DemoStep.Authenticate, DemoStep.Claim], told.Select(line => line.Step));
    }

    [Theory]
    [InlineData("""{"type":"status","status":"Ready"}""", "status", "Ready")]
    [InlineData("""{"type":"generation_tick","seconds":1.50}""", "generation_tick", "1.50")]
    [InlineData("""{"type":"generation_tick"}""", "generation_tick", null)]
    [InlineData("""{"type":"error","error":"no"}""", "error", "no")]
    [InlineData("""{"type":"queue_position","position":2,"queue_size":3}""", "queue_position", "2")]
    [InlineData("""{"type":"livekit_room_info","livekit_url":"ws://h/","token":"t"}""", "livekit_room_info", "ws://h/")]
    [InlineData("""{"type":1}""", "", null)]
    [InlineData("""[1]""", "", null)]
    [InlineData("""{""", "", null)]
    public void The_client_reads_what_it_needs_and_survives_the_rest(string text, string type, string? value) =>
        Assert.Equal(new ClientFrame(type, value), ClientFrame.Read(System.Text.Encoding.UTF8.GetBytes(text)));
}
