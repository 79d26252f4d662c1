using System.Globalization;

namespace Orchestrator.Simulator.Scripts;

// Each word appends one step and returns a new script; what the step does is told where it is declared.
public partial record Script
{
    /// <inheritdoc cref="Step.Expect"/>
    public Script Expect(string type) => Then(new Step.Expect(type));

    /// <inheritdoc cref="Step.Authenticate"/>
    public Script Authenticate() => Then(new Step.Authenticate());

    /// <inheritdoc cref="Step.Send"/>
    public Script Send(string text) => Then(new Step.Send(text));

    /// <inheritdoc cref="Step.SendBytes"/>
    public Script SendBytes(FrameKind kind, int count) => Then(new Step.SendBytes(kind, count));

    /// <inheritdoc cref="Step.SessionId"/>
    public Script SendSessionId() => Then(new Step.SessionId());

    /// <inheritdoc cref="Step.Answer"/>
    public Script SendAnswer(string? sdp = null) => Then(new Step.Answer(sdp));

    /// <inheritdoc cref="Step.IceCandidates"/>
    public Script SendIce(int count, bool end = false) => Then(new Step.IceCandidates(count, end));

    /// <inheritdoc cref="Step.Queue"/>
    public Script Queue(int position, int size, TimeSpan? every = null) => Then(new Step.Queue(position, size, every));

    /// <inheritdoc cref="Step.Status"/>
    public Script Status(string text) => Then(new Step.Status(text));

    /// <inheritdoc cref="Step.RoomInfo"/>
    public Script SendRoomInfo() => Then(new Step.RoomInfo());

    /// <inheritdoc cref="Step.GenerationStarted"/>
    public Script GenerationStarted() => Then(new Step.GenerationStarted());

    /// <inheritdoc cref="Step.Ticks"/>
    public Script Ticks(int? count, TimeSpan every, decimal from = 1, decimal step = 1) =>
        Then(new Step.Ticks(every, count, from, step));

    /// <summary>Ticks until the client leaves.</summary>
    public Script TicksForever(TimeSpan every, decimal from = 1, decimal step = 1) => Ticks(null, every, from, step);

    /// <summary>One tick, at once, written as <paramref name="seconds"/> is.</summary>
    public Script Tick(decimal seconds) => TickRaw(seconds.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc cref="Step.TickRaw"/>
    public Script TickRaw(string? seconds) => Then(new Step.TickRaw(seconds));

    /// <inheritdoc cref="Step.GenerationEnded"/>
    public Script GenerationEnded(string reason, decimal? seconds = null) => Then(new Step.GenerationEnded(reason, seconds));

    /// <inheritdoc cref="Step.Error"/>
    public Script Error(string message, string? errorType = null) => Then(new Step.Error(message, errorType));

    /// <inheritdoc cref="Step.Close"/>
    public Script Close(int? code = null, string? reason = null) => Then(new Step.Close(code, reason));

    /// <inheritdoc cref="Step.Drop"/>
    public Script Drop() => Then(new Step.Drop());

    /// <inheritdoc cref="Step.Stall"/>
    public Script Stall(TimeSpan? duration = null) => Then(new Step.Stall(duration));

    /// <inheritdoc cref="Step.SlowRead"/>
    public Script SlowRead(int? bytesPerSecond) => Then(new Step.SlowRead(bytesPerSecond));

    /// <inheritdoc cref="Step.HugeFrame"/>
    public Script HugeFrame(int bytes) => Then(new Step.HugeFrame(bytes));

    /// <inheritdoc cref="Step.UnknownType"/>
    public Script UnknownType() => Then(new Step.UnknownType());

    /// <inheritdoc cref="Step.Wait"/>
    public Script Wait(TimeSpan duration) => Then(new Step.Wait(duration));

    /// <inheritdoc cref="Step.Hold"/>
    public Script Hold() => Then(new Step.Hold());

    /// <inheritdoc cref="Step.Echo"/>
    public Script Echo() => Then(new Step.Echo());

    /// <inheritdoc cref="Step.Flood"/>
    public Script Flood(int frames, int bytes) => Then(new Step.Flood(frames, bytes));

    /// <summary>Switches these automatic replies off for the whole script.</summary>
    public Script Without(AutomaticReplies replies) => this with { Automatic = Automatic & ~replies };

    /// <summary>Refuses prompts with this text for the whole script; see <see cref="Refuses"/>.</summary>
    public Script Refusing(string? text) => this with { Refuses = text };

    private Script Then(Step step) => this with { Steps = Steps.Add(step) };
}
