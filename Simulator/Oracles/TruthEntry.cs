namespace Orchestrator.Simulator.Oracles;

/// <summary>What happened on a connection, as far as money and endings go.</summary>
public enum TruthKind
{
    /// <summary><c>generation_started</c> was sent.</summary>
    Started,
    /// <summary><c>generation_tick</c> was sent.</summary>
    Tick,
    /// <summary><c>generation_ended</c> was sent.</summary>
    Ended,
    /// <summary>The simulator sent a close frame first.</summary>
    Closed,
    /// <summary>The simulator cut the connection.</summary>
    Dropped,
    /// <summary>The peer's close frame arrived.</summary>
    PeerClosed,
    /// <summary>The peer went without a close frame.</summary>
    PeerVanished,
}

/// <summary>One fact.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Milliseconds">With a tick or an end: its seconds in whole milliseconds, cut off; null where they were no plain non-negative number.</param>
/// <param name="Text">With a tick: its seconds as sent. With an end: its reason. With a close: its reason.</param>
/// <param name="Code">With a close: its code.</param>
/// <param name="At">Wall clock when the fact was complete: for a frame, after the kernel had taken its last byte.</param>
/// <param name="Timestamp">The same instant on the clock that never steps, as <see cref="TimeProvider.GetTimestamp"/> gives it.</param>
public sealed record TruthEntry(TruthKind Kind, long? Milliseconds, string? Text, int? Code, DateTimeOffset At, long Timestamp);
