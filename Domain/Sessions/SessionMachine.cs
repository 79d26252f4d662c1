using Orchestrator.Domain.Nodes;
using static Orchestrator.Domain.Sessions.SessionEffect;
using static Orchestrator.Domain.Sessions.SessionEvent;
using static Orchestrator.Domain.Sessions.SessionPhase;

namespace Orchestrator.Domain.Sessions;

/// <summary>
/// The life of a session as a pure function; each arm is one arrow of the diagram in ARCHITECTURE.md.
/// A pair without an arrow changes nothing: news from a socket that we already gave up on is normal.
/// </summary>
public static class SessionMachine
{
    /// <summary>The close frame that ends a provider's session from our side.</summary>
    private static readonly WireClose Goodbye = new(1000, null);

    /// <summary>The session after one event.</summary>
    public static Transition Apply(SessionState state, SessionEvent @event) => (state.Phase, @event) switch
    {
        // The dial won its race against the end.
        (Ended, UpstreamOpened)                         => new(state, new HangUp(Goodbye)),
        (Ended, _)                                      => new(state),

        (Opening, Admitted)                             => new(state with { Phase = Connecting }, new DialUpstream()),
        (_, CloseRequested { Code: var code })          => End(state, new HangUp(Goodbye), new Finish(code), new Dismiss(code)),
        (_, UpstreamFailed { Code: var code })          => End(state, new Finish(code), new Dismiss(code)),
        (_, ClientLeft { Close: var close })            => End(state, new HangUp(close.Vanished ? null : close.Forwarded), new Finish(Left(close))),
        (_, UpstreamLeft { Close: var close })          => End(Report(state, close), new Finish(Left(state, close)), new ForwardClose(close.Forwarded)),

        (_, UpstreamNamed named)                        => new(state with { Upstream = named.Upstream }),
        (Connecting or Waiting, Queued queued)          => new(Wait(state, NodeStatus.Pending) with { QueuePosition = queued.Position, QueueSize = queued.Size }),
        (Connecting or Waiting, NodeReported reported)  => new(reported.Status is NodeStatus.Waiting ? Ready(state) : Wait(state, reported.Status)),
        (Connected, NodeReported reported)              => new(state with { Node = reported.Status }),
        (Connecting or Waiting, MediaAnswered)          => new(Ready(state)),

        (not Opening, GenerationStarted)                => new(Ready(state) with { Phase = Generating }),
        (Generating, GenerationStalled)                 => new(state with { Phase = Stalled }),
        (Stalled, GenerationResumed)                    => new(state with { Phase = Generating }),
        // It may end before it began: who is refused in the queue waits there no more.
        (not Opening, GenerationEnded ended)            => new(state with { Phase = Connected, QueuePosition = null, QueueSize = null, LastEnd = ended.Reason }),
        _                                               => new(state),
    };

    /// <summary>
    /// The first code wins: nothing but a late dial is answered once the phase is Ended. The provider's session ends first,
    /// since it still counts; then the books close; the client hears of it last.
    /// </summary>
    private static Transition End(SessionState state, params IReadOnlyList<SessionEffect> effects) => new(
        state with { Phase = Ended, QueuePosition = null, QueueSize = null, Code = effects.OfType<Finish>().Single().Code }, effects);

    private static SessionState Wait(SessionState state, NodeStatus node) => state with { Phase = Waiting, Node = node };

    private static SessionState Ready(SessionState state) =>
        state with { Phase = Connected, Node = NodeStatus.Waiting, QueuePosition = null, QueueSize = null };

    private static SessionState Report(SessionState state, PeerClose close) =>
        close.Code is TryAgainLater ? state with { Node = NodeStatus.Full } : state;

    private static CloseCode Left(PeerClose client) => client.IsAbnormal ? CloseCode.ClientLost : CloseCode.ClientClosed;

    /// <summary>Why the session ends when the provider's socket goes: what it said before counts more than how it closed.</summary>
    private static CloseCode Left(SessionState state, PeerClose upstream) => state switch
    {
        { Phase: Generating or Stalled }                         => CloseCode.UpstreamLost,
        { LastEnd: GenerationEnd.Disconnect }                    => CloseCode.Completed,
        { LastEnd: GenerationEnd.Timeout }                       => CloseCode.ProviderTimeout,
        { LastEnd: GenerationEnd.Moderation }                    => CloseCode.ModerationViolation,
        { LastEnd: GenerationEnd.Error }                         => CloseCode.ProviderError,
        { LastEnd: GenerationEnd.InsufficientCredits }           => CloseCode.ProviderRefused,
        // It closes with 1011 as well when it is full; then only its words told why.
        { Node: NodeStatus.Full }                                => CloseCode.UpstreamFull,
        _ when upstream.Vanished                                 => CloseCode.UpstreamLost,
        _ when upstream.Code is TryAgainLater                    => CloseCode.UpstreamFull,
        _ when upstream.Code is PolicyViolation                  => CloseCode.ProviderRefused,
        _                                                        => CloseCode.UpstreamClosed,
    };

    private const int PolicyViolation = 1008;
    private const int TryAgainLater = 1013;
}
