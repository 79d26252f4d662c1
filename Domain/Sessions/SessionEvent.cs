using System.Text.Json.Serialization;
using Orchestrator.Domain.Nodes;

namespace Orchestrator.Domain.Sessions;

/// <summary>What can happen to a session. The name of each is also its kind on the timeline, and never changes.</summary>
[JsonDerivedType(typeof(Admitted), "admitted")]
[JsonDerivedType(typeof(CloseRequested), "close_requested")]
[JsonDerivedType(typeof(UpstreamOpened), "upstream_opened")]
[JsonDerivedType(typeof(UpstreamFailed), "upstream_failed")]
[JsonDerivedType(typeof(UpstreamLeft), "upstream_left")]
[JsonDerivedType(typeof(ClientLeft), "client_left")]
[JsonDerivedType(typeof(UpstreamNamed), "upstream_named")]
[JsonDerivedType(typeof(MediaOffered), "media_offered")]
[JsonDerivedType(typeof(MediaAnswered), "media_answered")]
[JsonDerivedType(typeof(ProviderComplained), "provider_complained")]
[JsonDerivedType(typeof(Queued), "queued")]
[JsonDerivedType(typeof(NodeReported), "node_reported")]
[JsonDerivedType(typeof(GenerationStarted), "generation_started")]
[JsonDerivedType(typeof(GenerationStalled), "generation_stalled")]
[JsonDerivedType(typeof(GenerationResumed), "generation_resumed")]
[JsonDerivedType(typeof(GenerationEnded), "generation_ended")]
public abstract record SessionEvent
{
    private SessionEvent() { }

    /// <summary>The session has its row and whatever it may need was granted.</summary>
    public sealed record Admitted : SessionEvent;

    /// <summary>Somebody or some limit ends the session.</summary>
    public sealed record CloseRequested(CloseCode Code) : SessionEvent;

    /// <summary>The dial succeeded.</summary>
    public sealed record UpstreamOpened : SessionEvent;

    /// <summary>The dial failed for good.</summary>
    public sealed record UpstreamFailed(CloseCode Code) : SessionEvent;

    /// <summary>The provider's socket is gone.</summary>
    public sealed record UpstreamLeft(PeerClose Close) : SessionEvent;

    /// <summary>The client's socket is gone.</summary>
    public sealed record ClientLeft(PeerClose Close) : SessionEvent;

    /// <summary>The provider named its session.</summary>
    public sealed record UpstreamNamed(string Upstream) : SessionEvent
    {
        /// <summary>The room that its client is sent to, where it has one.</summary>
        public string? Room { get; init; }
    }

    /// <summary>The provider told a place in its queue.</summary>
    public sealed record Queued(int? Position, int? Size) : SessionEvent;

    /// <summary>The provider told the state of the node.</summary>
    public sealed record NodeReported(NodeStatus Status) : SessionEvent;

    /// <summary>The client offered its media.</summary>
    public sealed record MediaOffered : SessionEvent;

    /// <summary>The provider answered: its node is ready for the client's media.</summary>
    public sealed record MediaAnswered : SessionEvent;

    /// <summary>The provider sent an error and went on. At most 256 characters of its words.</summary>
    public sealed record ProviderComplained(string Message) : SessionEvent;

    /// <summary>A run began to count.</summary>
    public sealed record GenerationStarted(int Run) : SessionEvent;

    /// <summary>The open run's counter stands still.</summary>
    public sealed record GenerationStalled(int Run, long MarkMs) : SessionEvent;

    /// <summary>The open run's counter moves again.</summary>
    public sealed record GenerationResumed(int Run, long MarkMs) : SessionEvent;

    /// <summary>The provider said that the run ended.</summary>
    public sealed record GenerationEnded(int Run, long MarkMs, GenerationEnd Reason) : SessionEvent;
}

/// <summary>What is to be done after an event.</summary>
public abstract record SessionEffect
{
    private SessionEffect() { }

    /// <summary>Open the upstream socket.</summary>
    public sealed record DialUpstream : SessionEffect;

    /// <summary>End the provider's session; without a close frame to send, cut the socket.</summary>
    public sealed record HangUp(WireClose? Close) : SessionEffect;

    /// <summary>Pass the provider's close on to the client.</summary>
    public sealed record ForwardClose(WireClose Close) : SessionEffect;

    /// <summary>Tell the client in its dialect why we end the session, and close its socket.</summary>
    public sealed record Dismiss(CloseCode Code) : SessionEffect;

    /// <summary>Close the ledger and record the one end of the session.</summary>
    public sealed record Finish(CloseCode Code) : SessionEffect;
}

/// <summary>One step of the machine: the state from now on, and what is to be done, in order.</summary>
public sealed record Transition(SessionState Next, params IReadOnlyList<SessionEffect> Effects);
