using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>
/// One realtime session, keyed by <see cref="SessionId"/>. It decides; the relay of the same process holds the sockets and
/// tells it what they do.
/// </summary>
[Grain]
public interface ISessionGrain
{
    /// <summary>
    /// Claims the session's row, admits it and starts to dial; answers as soon as that is decided, before the dial ends.
    /// Repeating it answers as the first time. Steps 3 to 5.
    /// </summary>
    /// <returns>Why the session was refused, or null.</returns>
    Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken);

    /// <summary>
    /// <see cref="OpenAsync"/> for a client whose socket is in another process: first makes a relay for it here, which speaks to
    /// it through <paramref name="client"/> and <see cref="SendAsync"/>. Repeating it for the same attachment is safe.
    /// </summary>
    Task<AttachAnswer> AttachAsync(AttachClient request, IClientLink client, CancellationToken cancellationToken);

    /// <summary>
    /// Frames of an attached client. Answers at once; how much the relay has room for is in the answer. Safe to repeat: what was
    /// taken before is not taken again.
    /// </summary>
    Task<LinkAck> SendAsync(FrameBatch batch, CancellationToken cancellationToken);

    /// <summary>Takes what the sockets did since the last call, in order. Events that came too late change nothing.</summary>
    Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken);

    /// <summary>What was said on the session from that number on, as far as it is still kept. Answers at once.</summary>
    /// <param name="from">The first number wanted; 1 for all that is kept.</param>
    /// <param name="bytes">About how much is wanted.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    Task<ObservedPage> ReadFramesAsync(long from, int bytes, CancellationToken cancellationToken);

    /// <summary>Sends a text frame to the provider for the tenant's server. False when the session has no relay here, or no room for it now.</summary>
    Task<bool> SteerAsync(SteeringFrame frame, CancellationToken cancellationToken);

    /// <summary>What a request about a session has to know of it. Answers at once.</summary>
    /// <param name="isClient">The session's own client asks, which shows that it is still there.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    Task<SessionLook> LookAsync(bool isClient, CancellationToken cancellationToken);

    /// <summary>
    /// Frames of a client that speaks to us over HTTP: they go the way of any frame of a client. Answers at once; not safe to
    /// repeat, for a frame that is sent twice is said twice.
    /// </summary>
    Task<SignalAnswer> SignalAsync(ClientSignal signal, CancellationToken cancellationToken);

    /// <summary>
    /// Somebody joins to watch the session at its provider, which is noted on the timeline; answers where that is. Answers at once;
    /// repeated, it is noted twice.
    /// </summary>
    Task<WatchAnswer> WatchAsync(Watcher watcher, CancellationToken cancellationToken);

    /// <summary>Ends the session for good; the first close code wins, so repeating it is safe.</summary>
    Task CloseAsync(CloseCode code, CancellationToken cancellationToken);
}
