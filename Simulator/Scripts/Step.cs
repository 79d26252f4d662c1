using System.Text.Json.Serialization;

namespace Orchestrator.Simulator.Scripts;

/// <summary>
/// One thing that a provider does on a connection; the words in the attributes are the <c>step</c> of its JSON form.
/// Durations are seconds in JSON. What a step puts on the wire is in <see cref="Providers.Decart.DecartWire"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "step")]
[JsonDerivedType(typeof(Expect), "expect")]
[JsonDerivedType(typeof(Authenticate), "authenticate")]
[JsonDerivedType(typeof(Send), "send")]
[JsonDerivedType(typeof(SendBytes), "send_bytes")]
[JsonDerivedType(typeof(SessionId), "session_id")]
[JsonDerivedType(typeof(Answer), "answer")]
[JsonDerivedType(typeof(IceCandidates), "ice_candidates")]
[JsonDerivedType(typeof(Queue), "queue")]
[JsonDerivedType(typeof(Status), "status")]
[JsonDerivedType(typeof(RoomInfo), "room_info")]
[JsonDerivedType(typeof(GenerationStarted), "generation_started")]
[JsonDerivedType(typeof(Ticks), "ticks")]
[JsonDerivedType(typeof(TickRaw), "tick_raw")]
[JsonDerivedType(typeof(GenerationEnded), "generation_ended")]
[JsonDerivedType(typeof(Error), "error")]
[JsonDerivedType(typeof(Close), "close")]
[JsonDerivedType(typeof(Drop), "drop")]
[JsonDerivedType(typeof(Stall), "stall")]
[JsonDerivedType(typeof(SlowRead), "slow_read")]
[JsonDerivedType(typeof(HugeFrame), "huge_frame")]
[JsonDerivedType(typeof(UnknownType), "unknown_type")]
[JsonDerivedType(typeof(Wait), "wait")]
[JsonDerivedType(typeof(Hold), "hold")]
[JsonDerivedType(typeof(Echo), "echo")]
[JsonDerivedType(typeof(Flood), "flood")]
public abstract record Step
{
    private Step() { }

    /// <summary>Waits for a client frame of this type that no earlier step has taken; those before it are passed over.</summary>
    public sealed record Expect(string Type) : Step;

    /// <summary>
    /// LiveStyler's beginning: the client's next frame must be the <c>CREDENTIAL</c> with the simulator's key, and is answered with
    /// <c>auth_success</c>; any other ends the connection without a word.
    /// </summary>
    public sealed record Authenticate : Step;

    /// <summary>Sends a text as it stands, well-formed or not.</summary>
    public sealed record Send(string Text) : Step;

    /// <summary>Sends a message of that many bytes, which mean nothing.</summary>
    public sealed record SendBytes(FrameKind Kind, int Count) : Step;

    /// <summary>Sends the connection's own id as <c>session_id</c>.</summary>
    public sealed record SessionId : Step;

    /// <summary>Sends an <c>answer</c>. Null: a plain one that no media stack would accept.</summary>
    public sealed record Answer(string? Sdp = null) : Step;

    /// <summary>Sends that many candidates, and the <c>null</c> after the last if asked to.</summary>
    public sealed record IceCandidates(int Count, bool End = false) : Step;

    /// <summary>Sends <c>queue_position</c>; with a pace it counts down to 1 and waits after each, otherwise it sends just the one.</summary>
    public sealed record Queue(int Position, int Size, TimeSpan? Every = null) : Step;

    /// <summary>Sends <c>status</c> with these words.</summary>
    public sealed record Status(string Text) : Step;

    /// <summary>Sends dialect B's <c>livekit_room_info</c>.</summary>
    public sealed record RoomInfo : Step;

    /// <summary>Sends <c>generation_started</c>.</summary>
    public sealed record GenerationStarted : Step;

    /// <summary>
    /// Sends cumulative ticks, the first one pace after the step began. A tick that could not be sent in time is sent
    /// late, none is left out, and lateness does not add up. Null count: until the client leaves.
    /// </summary>
    public sealed record Ticks(TimeSpan Every, int? Count = null, decimal From = 1, decimal Increment = 1) : Step;

    /// <summary>Sends one tick whose seconds are this JSON, whatever it is; null leaves the member out.</summary>
    public sealed record TickRaw(string? Seconds = null) : Step;

    /// <summary>Sends <c>generation_ended</c>. Null seconds: those of the last tick.</summary>
    public sealed record GenerationEnded(string Reason, decimal? Seconds = null) : Step;

    /// <summary>Sends <c>error</c>.</summary>
    public sealed record Error(string Message, string? ErrorType = null) : Step;

    /// <summary>Sends a close frame with any code, allowed or not; null sends one without a code.</summary>
    public sealed record Close(int? Code = null, string? Reason = null) : Step;

    /// <summary>Resets the TCP connection without a close frame.</summary>
    public sealed record Drop : Step;

    /// <summary>Sends nothing and reads nothing for this long, null for ever. The TCP connection stays.</summary>
    public sealed record Stall(TimeSpan? Duration = null) : Step;

    /// <summary>From here on reads no faster than this; null takes the brake off.</summary>
    public sealed record SlowRead(int? BytesPerSecond = null) : Step;

    /// <summary>Sends one frame of this size, of a type that nobody knows.</summary>
    public sealed record HugeFrame(int Bytes) : Step;

    /// <summary>Sends a small message of a type that nobody knows.</summary>
    public sealed record UnknownType : Step;

    /// <summary>Waits; client frames are read and answered meanwhile.</summary>
    public sealed record Wait(TimeSpan Duration) : Step;

    /// <summary>Waits until the client leaves, as every script does after its last step.</summary>
    public sealed record Hold : Step;

    /// <summary>From here on sends every client message back as it came, and neither answers nor records it.</summary>
    public sealed record Echo : Step;

    /// <summary>Sends that many numbered frames of that size as fast as the client takes them.</summary>
    public sealed record Flood(int Frames, int Bytes) : Step;
}
