using Orchestrator.Domain.Nodes;

namespace Orchestrator.Domain.Sessions;

/// <summary>Where a session is in its life. Each phase but the last is also the name of a span on its timeline.</summary>
public enum SessionPhase
{
    /// <summary>Being claimed and admitted.</summary>
    Opening,
    /// <summary>The upstream is being dialled, or its media negotiated.</summary>
    Connecting,
    /// <summary>The provider has it in a queue, or prepares a node.</summary>
    Waiting,
    /// <summary>The node is ready; nothing is generated yet, or not any more.</summary>
    Connected,
    /// <summary>Seconds are being generated, and billed.</summary>
    Generating,
    /// <summary>A generation is open but its counter stands still.</summary>
    Stalled,
    /// <summary>Over.</summary>
    Ended,
}

/// <summary>All that the session's machine remembers.</summary>
/// <param name="Phase">Where it is in its life.</param>
/// <param name="Node">What the provider last said of the node.</param>
/// <param name="QueuePosition">Place in the provider's queue, from 1, while it waits there.</param>
/// <param name="QueueSize">Length of that queue.</param>
/// <param name="Upstream">The provider's own id of the session.</param>
/// <param name="LastEnd">Why the last generation ended, if one has.</param>
/// <param name="Code">Why the session ended.</param>
public sealed record SessionState(
    SessionPhase Phase,
    NodeStatus? Node = null,
    int? QueuePosition = null,
    int? QueueSize = null,
    string? Upstream = null,
    GenerationEnd? LastEnd = null,
    CloseCode? Code = null)
{
    /// <summary>A session that nobody has opened yet.</summary>
    public static SessionState New { get; } = new(SessionPhase.Opening);
}

/// <summary>Why a provider says that it stopped generating.</summary>
public enum GenerationEnd
{
    /// <summary>The client left, or any reason that the provider did not name.</summary>
    Disconnect,
    /// <summary>The provider's own time limit.</summary>
    Timeout,
    /// <summary>The content was refused.</summary>
    Moderation,
    /// <summary>The provider failed.</summary>
    Error,
    /// <summary>Our account with the provider is out of credit.</summary>
    InsufficientCredits,
}
