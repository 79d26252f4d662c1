namespace Orchestrator.Simulator.Scripts;

/// <summary>One model that the simulator offers from the start.</summary>
/// <param name="Model">The value of the query's <c>model</c>.</param>
/// <param name="Summary">What its provider does; also its row in README.md.</param>
/// <param name="Script">What is played.</param>
public sealed record BuiltInScript(string Model, string Summary, Script Script);

/// <summary>The models that need no set-up: one good provider per dialect, and one per way of going wrong.</summary>
public static class BuiltInScripts
{
    /// <summary>Every reason that a provider gives for the end of a generation.</summary>
    public static IReadOnlyList<string> EndReasons { get; } = ["disconnect", "timeout", "moderation_violation", "error", "insufficient_credits"];

    /// <summary>The models, where a provider's second takes as long as <paramref name="pace"/>.</summary>
    public static IReadOnlyList<BuiltInScript> All(TimeSpan pace) => [.. Good(pace), .. Ends(pace), .. OddCounts(pace), .. OddWires(pace), .. Refusals()];

    private static BuiltInScript[] Good(TimeSpan pace) =>
    [
        new("sim-demo", "Session id, status and queue; after the offer an answer, a start and a tick each second until the client leaves",
            Script.Begin.SendSessionId().Status("Entering queue").Queue(position: 2, size: 2, every: pace).Status("Ready")
                .Expect("offer").GenerationStarted().TicksForever(pace)),

        new("sim-livekit", "Dialect B: after the join a queue, the room, a start and a tick each second until the client leaves",
            Script.Begin.Expect("livekit_join").Queue(position: 3, size: 3, every: pace).SendRoomInfo().GenerationStarted().TicksForever(pace)),

        new("sim-idle", "Starts at once, waits for no offer, then a tick each 30 seconds: many connections that do little",
            Script.Begin.SendSessionId().GenerationStarted().TicksForever(30 * pace, from: 30, step: 30)),

        new("sim-echo", "Starts at once and sends every client frame back as it came, with a tick each second: for load",
            // Echo first: nothing that a client sends early may be taken for anything else.
            Script.Begin.Echo().SendSessionId().GenerationStarted().TicksForever(pace)),

        new("sim-moderated", "Refuses every prompt as \"content policy\"; otherwise a tick each second",
            Started.TicksForever(pace).Refusing("")),
    ];

    private static IEnumerable<BuiltInScript> Ends(TimeSpan pace) => EndReasons.Select(reason => new BuiltInScript(
        $"sim-ended-{reason}", $"3 ticks, `generation_ended` with reason `{reason}`, close 1000",
        Started.Ticks(3, pace).GenerationEnded(reason).Close(1000)));

    private static BuiltInScript[] OddCounts(TimeSpan pace) =>
    [
        new("sim-ended-twice", "3 ticks, `generation_ended` twice, close 1000",
            Started.Ticks(3, pace).GenerationEnded("disconnect").GenerationEnded("disconnect").Close(1000)),

        new("sim-duplicate-ticks", "Every tick twice: 1, 1, 2, 2, 3, 3; ended, close 1000",
            Started.Ticks(1, pace).Tick(1).Ticks(1, pace, from: 2).Tick(2).Ticks(1, pace, from: 3).Tick(3)
                .GenerationEnded("disconnect").Close(1000)),

        // Never more than two seconds ahead of the clock: the order is wrong, the counts are believable.
        new("sim-reversed-ticks", "Ticks in the wrong order: 2, 1, 4, 3; ended at 4, close 1000",
            Started.Ticks(2, pace, from: 2, step: -1).Ticks(2, pace, from: 4, step: -1).GenerationEnded("disconnect", 4).Close(1000)),

        new("sim-fractional", "Ticks 0.29, 1.30, 2.31, 3.32, 4.33 and 5.0004; ended at 5.0004, close 1000",
            Started.Ticks(5, pace, from: 0.29m, step: 1.01m).Ticks(1, pace, from: 5.0004m).GenerationEnded("disconnect").Close(1000)),

        new("sim-absurd", "Between ticks 1 and 2 the seconds `\"5\"`, `true`, `null`, `-1`, `1e308` and none at all; ended at 2, close 1000",
            Started.Ticks(1, pace).TickRaw("\"5\"").TickRaw("true").TickRaw("null").TickRaw("-1").TickRaw("1e308").TickRaw(null)
                .Ticks(1, pace, from: 2).GenerationEnded("disconnect", 2).Close(1000)),
    ];

    private static BuiltInScript[] OddWires(TimeSpan pace) =>
    [
        new("sim-drop", "2 ticks, then a TCP reset without a close frame", Started.Ticks(2, pace).Drop()),

        new("sim-stall", "2 ticks, then neither sends nor reads for ever; the connection stays", Started.Ticks(2, pace).Stall()),

        new("sim-unknown-types", "A message of a type that nobody knows before each of 3 ticks; ended, close 1000",
            Started.UnknownType().Ticks(1, pace).UnknownType().Ticks(1, pace, from: 2).UnknownType().Ticks(1, pace, from: 3)
                .GenerationEnded("disconnect").Close(1000)),

        new("sim-huge-frame", "A frame of 8 MiB between ticks 1 and 2; ended, close 1000",
            Started.Ticks(1, pace).HugeFrame(8 * 1024 * 1024).Ticks(1, pace, from: 2).GenerationEnded("disconnect").Close(1000)),

        new("sim-slow-reader", "Reads 16 KiB a second from the start on, and ticks each second",
            Started.SlowRead(16 * 1024).TicksForever(pace)),
    ];

    private static BuiltInScript[] Refusals() =>
    [
        new("sim-full", "`error` \"Concurrent session limit reached.\", close 1013 \"Session Limit Reached\"",
            Script.Begin.Error("Concurrent session limit reached.").Close(1013, "Session Limit Reached").Without(AutomaticReplies.All)),

        new("sim-capacity", "`error` \"Server at capacity. Please try again later.\", close 1011",
            Script.Begin.Error("Server at capacity. Please try again later.").Close(1011).Without(AutomaticReplies.All)),

        new("sim-refused", "Close 1008 without a word", Script.Begin.Close(1008)),
    ];

    /// <summary>The common beginning: nothing is generated before the client offered its media.</summary>
    private static Script Started => Script.Begin.SendSessionId().Expect("offer").GenerationStarted();
}
