using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions;

/// <summary>
/// Applies what happens to a session and has its relay perform what follows. Its state is the record that the relay keeps,
/// so the grain may be put to sleep between any two calls; without a relay in this process there is nothing to decide.
/// </summary>
public partial class SessionGrain(
    IGrainLife life, SessionRegistry relays, LinkedSessions links, SessionClaims claims, SessionMetrics metrics, ILogger<SessionGrain> logger) : ISessionGrain
{
    /// <summary>How long a grain stays without a call while its session lives; each call begins it anew.</summary>
    private static readonly TimeSpan Stay = TimeSpan.FromHours(1);

    private readonly SessionId _session = SessionId.Parse(life.Key, provider: null);

    /// <inheritdoc/>
    public async Task<CloseCode?> OpenAsync(OpenSession request, CancellationToken cancellationToken)
    {
        if (!relays.TryGet(_session, out var relay))
            return CloseCode.InternalError;
        if (relay.IsClaimed)
            return relay.State.Code;
        // It was let in before the process began to drain, or elsewhere; nothing is claimed that would have to end at once.
        if (relays.IsClosed)
        {
            Refuse(relay, CloseCode.ServerShutdown);
            return CloseCode.ServerShutdown;
        }

        // Step 3: the row first; step 4 in the same transaction, so that nothing is reserved for a session without one.
        var admission = await claims.ClaimAsync(new SessionClaim(_session, request));
        if (admission.Refused is { } refused)
        {
            Refuse(relay, refused);
            return refused;
        }

        relay.Claimed(admission.Hold);
        metrics.SessionOpened();
        Handle(relay, new SessionEvent.Admitted());
        return null;
    }

    /// <inheritdoc/>
    public async Task<AttachAnswer> AttachAsync(AttachClient request, IClientLink client, CancellationToken cancellationToken)
    {
        if (links.WhyNot(_session, request) is { } not)
        {
            life.EndWhenIdle();
            return not;
        }

        // Here and not when the grain comes to life: only an attach says that there is a client to claim for.
        var relay = links.Attach(_session, request, client);
        try
        {
            return new AttachAnswer(IsAttached: true, await OpenAsync(request.Request, cancellationToken));
        }
        finally
        {
            // Not before: while the claim waits for the database, no sign of life gets a turn.
            relay.Link?.Watch();
        }
    }

    /// <inheritdoc/>
    public Task<LinkAck> SendAsync(FrameBatch batch, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay) && relay.Link is { } link)
            return Task.FromResult(link.Receive(batch));

        // The session is over, or was in a process that is gone; its gateway is to know at once.
        life.EndWhenIdle();
        return Task.FromResult(LinkAck.Gone);
    }

    /// <inheritdoc/>
    public Task ObserveAsync(IReadOnlyList<SessionEvent> events, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
        {
            foreach (var @event in events)
                Handle(relay, @event);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CloseAsync(CloseCode code, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
            Handle(relay, new SessionEvent.CloseRequested(code));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ObservedPage> ReadFramesAsync(long from, int bytes, CancellationToken cancellationToken)
    {
        if (relays.TryGetRing(_session, out var ring))
            return Task.FromResult(ring.Read(from, bytes));
        life.EndWhenIdle();
        return Task.FromResult(ObservedPage.Gone);
    }

    /// <inheritdoc/>
    public Task<bool> SteerAsync(SteeringFrame frame, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
            return Task.FromResult(relay.Steer(frame));
        life.EndWhenIdle();
        return Task.FromResult(false);
    }

    /// <inheritdoc/>
    public Task<SessionLook> LookAsync(bool isClient, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
            return Task.FromResult(relay.Look(isClient));
        LeaveUnlessRead();
        return Task.FromResult(SessionLook.Gone);
    }

    /// <inheritdoc/>
    public Task<SignalAnswer> SignalAsync(ClientSignal signal, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
            return Task.FromResult(relay.Signal(signal));
        LeaveUnlessRead();
        return Task.FromResult(SignalAnswer.Gone);
    }

    /// <inheritdoc/>
    public Task<WatchAnswer> WatchAsync(Watcher watcher, CancellationToken cancellationToken)
    {
        if (relays.TryGet(_session, out var relay))
            return Task.FromResult(relay.Watch(watcher));
        LeaveUnlessRead();
        return Task.FromResult(WatchAnswer.Gone);
    }

    /// <summary>A grain without a session ends, but not before its ring does.</summary>
    private void LeaveUnlessRead()
    {
        if (!relays.TryGetRing(_session, out _))
            life.EndWhenIdle();
    }

    private void Refuse(SessionRelay relay, CloseCode code)
    {
        metrics.SessionRefused(code);
        LogRefused(logger, _session, code);
        relay.Refuse(code, mayHaveRow: code is CloseCode.StorageUnavailable);
        life.EndWhenIdle();
    }

    private void Handle(SessionRelay relay, SessionEvent @event)
    {
        var from = relay.State;
        var step = SessionMachine.Apply(from, @event);
        if (from.Phase is SessionPhase.Ended)
            return;

        // State moves first: an effect that fails must not leave the old phase behind.
        relay.Publish(step.Next, @event);
        LogHandled(logger, _session, @event.GetType().Name, from.Phase, step.Next.Phase);

        if (step.Next.Phase is SessionPhase.Ended)
            Linger();
        else
            life.StayFor(Stay);
        Perform(relay, step.Effects);
    }

    /// <summary>Stays where its ring is until who watches from another process has read the end.</summary>
    private void Linger()
    {
        life.StayFor(SessionRegistry.Linger);
        life.StartTimer(EndAsync, SessionRegistry.Linger, SessionRegistry.Linger);

        Task EndAsync(CancellationToken cancellationToken)
        {
            life.EndWhenIdle();
            return Task.CompletedTask;
        }
    }

    private static void Perform(SessionRelay relay, IReadOnlyList<SessionEffect> effects)
    {
        switch (effects)
        {
            case []:
                break;
            case [SessionEffect.DialUpstream]:
                relay.Dial();
                break;
            case [.., SessionEffect.Finish] or [.., SessionEffect.Finish, _]:
                relay.End(effects);
                break;
            default:
                throw new UnreachableException($"No one performs {string.Join(", ", effects)}.");
        }
    }

    [LoggerMessage(1101, LogLevel.Debug, "Session {Session} handled {Event}: {From} to {To}")]
    private static partial void LogHandled(ILogger logger, SessionId session, string @event, SessionPhase from, SessionPhase to);

    [LoggerMessage(1102, LogLevel.Information, "Session {Session} refused: {Code}")]
    private static partial void LogRefused(ILogger logger, SessionId session, CloseCode code);
}
