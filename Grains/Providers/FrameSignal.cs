using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Providers;

/// <summary>What a frame means to the session's machine or meter.</summary>
public enum SignalKind
{
    /// <summary>Nothing: it is passed on and forgotten.</summary>
    None,
    /// <summary>A type that the dialect does not name. It is passed on, and counted.</summary>
    Unknown,
    /// <summary>The client names its credential, which is ours to read and must not pass.</summary>
    Credential,
    /// <summary>The client offers its media.</summary>
    Offer,
    /// <summary>The provider is ready for the client's media.</summary>
    Answer,
    /// <summary>The provider names its session; see <see cref="FrameSignal.Text"/>.</summary>
    Named,
    /// <summary>A place in the provider's queue.</summary>
    Queue,
    /// <summary>The state of the node.</summary>
    Node,
    /// <summary>A generation starts.</summary>
    Started,
    /// <summary>The generation's counter.</summary>
    Tick,
    /// <summary>The generation ended.</summary>
    Ended,
    /// <summary>The provider complains; see <see cref="FrameSignal.Text"/>.</summary>
    Error,
    /// <summary>The provider complains that the session has lasted as long as it may, and with that its generation ended.</summary>
    Expired,
    /// <summary>What one response used; see <see cref="FrameSignal.Usage"/>.</summary>
    Usage,
}

/// <summary>What a dialect read out of one frame. Only what the kind calls for is set.</summary>
/// <param name="Kind">What it means.</param>
/// <param name="Milliseconds">The counter; null when the frame held no believable number.</param>
/// <param name="Text">A name or the provider's words, at most 256 characters.</param>
/// <param name="Position">Place in the queue.</param>
/// <param name="Size">Length of the queue.</param>
/// <param name="Node">State of the node.</param>
/// <param name="End">Why the generation ended.</param>
/// <param name="Usage">The provider's own count for one response; null when the frame held none that could be told from another's.</param>
/// <param name="Watch">Where others may watch the session at its provider.</param>
public readonly record struct FrameSignal(
    SignalKind Kind,
    long? Milliseconds = null,
    string? Text = null,
    int? Position = null,
    int? Size = null,
    NodeStatus? Node = null,
    GenerationEnd End = GenerationEnd.Disconnect,
    TokenReport? Usage = null,
    WatchPlace? Watch = null)
{
    /// <summary>Of a complaint: the session cannot go on after it, and ends with this; null for one that is the client's to hear.</summary>
    public CloseCode? Ends { get; init; }
}
