using System.Text;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>One message that the client sent.</summary>
/// <param name="Number">Its place on the connection, counted from 0.</param>
/// <param name="Kind">Text or binary.</param>
/// <param name="Bytes">The payload, whole.</param>
/// <param name="Type">The top-level <c>type</c> of a JSON object, otherwise null.</param>
/// <param name="At">Wall clock when its last byte had been read.</param>
/// <param name="Timestamp">The same instant on the clock that never steps.</param>
public sealed record Frame(long Number, FrameKind Kind, ReadOnlyMemory<byte> Bytes, string? Type, DateTimeOffset At, long Timestamp)
{
    /// <summary>The payload as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>What it is called in expectations: its type, or else <c>text</c> or <c>binary</c>.</summary>
    public string Name => Type ?? (Kind is FrameKind.Text ? "text" : "binary");

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Bytes.Length} B)";
}

/// <summary>How a connection ended.</summary>
/// <param name="Code">
/// The code of the peer's close frame; null when there was none. The platform's WebSocket reads a frame without a code as
/// 1000, so that the two cannot be told apart here.
/// </param>
/// <param name="Reason">The words of the peer's close frame; empty when it held none.</param>
/// <param name="Vanished">The peer went without a close frame.</param>
/// <param name="BySimulator">The simulator closed or dropped first; code and reason are then the peer's reply.</param>
public sealed record Farewell(int? Code, string? Reason, bool Vanished, bool BySimulator)
{
    /// <inheritdoc/>
    public override string ToString() => this switch
    {
        { BySimulator: true, Code: { } code } => $"the simulator closed, the peer replied {code} \"{Reason}\"",
        { BySimulator: true }                 => "the simulator closed or dropped the connection",
        { Code: { } code }                    => $"the peer closed with {code} \"{Reason}\"",
        _                                     => "the peer vanished",
    };
}
