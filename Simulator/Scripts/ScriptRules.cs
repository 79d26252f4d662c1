namespace Orchestrator.Simulator.Scripts;

/// <summary>What a script may ask for. Wrong wire content is welcome; a step that could not be performed is not.</summary>
internal static class ScriptRules
{
    /// <summary>The largest message a step may send.</summary>
    public const int MaxMessageBytes = 256 * 1024 * 1024;

    /// <summary>Room for the type and the number that a filler message carries.</summary>
    public const int MinFillerBytes = 64;

    /// <summary>The longest wait; timers take no more than about 49 days.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromDays(30);

    /// <summary>The first thing wrong with a script, in one sentence that names the step; null when nothing is.</summary>
    public static string? FirstProblem(Script script) =>
        script.Steps.Select((step, index) => Problem(step) is { } problem ? $"Step {index} ({step?.GetType().Name ?? "nothing"}): {problem}." : null)
            .FirstOrDefault(problem => problem is not null);

    private static string? Problem(Step step) => step switch
    {
        null                                                          => "is null",
        Step.SendBytes { Count: < 0 or > MaxMessageBytes }            => $"count must be 0 to {MaxMessageBytes}",
        Step.HugeFrame { Bytes: < MinFillerBytes or > MaxMessageBytes } => $"bytes must be {MinFillerBytes} to {MaxMessageBytes}",
        Step.Flood { Bytes: < MinFillerBytes or > MaxMessageBytes }   => $"bytes must be {MinFillerBytes} to {MaxMessageBytes}",
        Step.Flood { Frames: < 0 }                                    => "frames must not be negative",
        Step.IceCandidates { Count: < 0 }                             => "count must not be negative",
        Step.Queue { Position: < 0 }                                  => "position must not be negative",
        Step.Ticks { Count: < 0 }                                     => "count must not be negative",
        Step.Ticks { Every: var every } when !IsWait(every)           => WaitRule("every"),
        Step.Queue { Every: { } every } when !IsWait(every)           => WaitRule("every"),
        Step.Wait { Duration: var duration } when !IsWait(duration)   => WaitRule("duration"),
        Step.Stall { Duration: { } duration } when !IsWait(duration)  => WaitRule("duration"),
        Step.SlowRead { BytesPerSecond: <= 0 }                        => "bytes_per_second must be positive, or null",
        Step.Close { Code: < 0 or > ushort.MaxValue }                 => "code must fit 16 bits, or be null",
        Step.Close { Code: null, Reason: not (null or "") }           => "a reason needs a code",
        Step.Expect { Type: null or "" }                              => "type is missing",
        Step.Send { Text: null }                                      => "text is missing",
        Step.Status { Text: null }                                    => "text is missing",
        Step.Error { Message: null }                                  => "message is missing",
        Step.GenerationEnded { Reason: null }                         => "reason is missing",
        _                                                             => null,
    };

    private static bool IsWait(TimeSpan span) => span >= TimeSpan.Zero && span <= MaxWait;

    private static string WaitRule(string member) => $"{member} must be 0 to {MaxWait.TotalSeconds} seconds";
}
