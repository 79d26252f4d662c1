using System.Text.Json;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Tests.Simulator;

public class ScriptJsonTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private static readonly Script Everything = Script.Begin
        .Expect("offer").Send("{\"type\":\"ice-restart\"}").SendBytes(FrameKind.Binary, 3).SendSessionId().SendAnswer("v=0").SendIce(2, end: true)
        .Queue(position: 3, size: 5, every: Pace).Status("Ready").SendRoomInfo().GenerationStarted().Ticks(5, Pace, from: 0.29m, step: 1.01m)
        .TickRaw("\"5\"").GenerationEnded("disconnect", 5.0004m).Error("No", "invalid_model").Stall(Pace).SlowRead(1024).HugeFrame(4096)
        .Authenticate().UnknownType().Wait(Pace).Echo().Flood(10, 100).Hold().Drop().Close(4400, "bye");

    public static TheoryData<string, string> Mistakes => new()
    {
        { "null",                                                    "an object or a list of steps" },
        { "17",                                                      "could not be converted" },
        { """[{"step":"dance"}]""",                                  "dance" },
        { """[{"step":"expect"}]""",                                 "type" },
        { """[{"step":"wait","duration":"long"}]""",                 "duration" },
        { """[{"step":"wait","duration":-1}]""",                     "Step 0 (Wait): duration must be 0 to 2592000 seconds." },
        { """[{"step":"hold"},{"step":"huge_frame","bytes":1}]""",   "Step 1 (HugeFrame): bytes must be 64 to 268435456." },
        { """[{"step":"close","code":70000}]""",                     "Step 0 (Close): code must fit 16 bits, or be null." },
        { """[{"step":"ticks","every":1,"cuont":3}]""",              "cuont" },
        { """{"steps":[null]}""",                                    "Step 0 (nothing): is null." },
        { """{"automatic":["offers"]}""",                            "steps" },
    };

    [Fact]
    public void Every_step_survives_the_round_trip()
    {
        Assert.Equal(typeof(Step).GetNestedTypes().ToHashSet(), Everything.Steps.Select(step => step.GetType()).ToHashSet());
        Assert.Equal(Everything, ScriptJson.Parse(Everything.ToJson()));
    }

    [Fact]
    public void Every_built_in_script_survives_the_round_trip() =>
        Assert.All(BuiltInScripts.All(Pace), builtIn => Assert.Equal(builtIn.Script, ScriptJson.Parse(builtIn.Script.ToJson())));

    [Fact]
    public void The_switches_survive_the_round_trip()
    {
        var script = Script.Begin.Hold().Without(AutomaticReplies.Offers | AutomaticReplies.LiveKit).Refusing(null);

        Assert.Equal("""{"steps":[{"step":"hold"}],"automatic":["prompts","images"],"refuses":null}""", script.ToJson());
        Assert.Equal(script, ScriptJson.Parse(script.ToJson()));
    }

    [Fact]
    public void Durations_are_seconds_and_decimals_keep_their_digits() => Assert.Equal(
        """{"step":"ticks","every":0.25,"count":5,"from":0.30,"increment":1.00}""",
        JsonSerializer.Serialize<Step>(new Step.Ticks(Pace, 5, 0.30m, 1.00m), ScriptJson.Options));

    [Fact]
    public void A_bare_list_is_a_script_and_what_has_a_default_may_be_left_out() => Assert.Equal(
        Script.Begin.Expect("offer").TicksForever(TimeSpan.FromSeconds(1)).TickRaw(null).Stall().Close(),
        ScriptJson.Parse("""[{"type":"offer","step":"expect"},{"step":"ticks","every":1},{"step":"tick_raw"},{"step":"stall"},{"step":"close"}]"""));

    [Theory, MemberData(nameof(Mistakes))]
    public void A_mistake_is_named(string json, string named) =>
        Assert.Contains(named, Assert.Throws<JsonException>(() => ScriptJson.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_builder_leaves_the_script_it_began_with_as_it_was()
    {
        var script = Script.Begin.Expect("offer");

        _ = script.Hold();

        Assert.Single(script.Steps);
        Assert.Empty(Script.Begin.Steps);
    }
}
