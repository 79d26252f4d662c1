using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Labelling;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Grains.Sessions.Policies;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// The sockets of one session and all that happens to their frames. The session's grain decides and commands; the relay tells
/// it what the sockets did, and outlives a grain that is merely put to sleep. It also keeps the record of the state that the
/// grain decided last, for whoever wants to look without asking.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The source of the dial's token holds nothing that needs disposing once it is cancelled or forgotten.")]
public sealed partial class SessionRelay
{
    private readonly RelayServices _services;
    private readonly UpstreamRequest _upstreamRequest;
    private readonly Wording _words;
    private readonly RelayLeg _client;
    private readonly RelayLeg _upstream;
    private readonly RelayMeter _meter;
    private readonly EventOutbox _outbox;
    private readonly CancellationTokenSource _dialStop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private volatile SessionState _state = SessionState.New;
    private bool _ending;

    /// <summary>A relay for a client that was authenticated; nothing is read yet.</summary>
    public SessionRelay(SessionId session, OpenSession request, UpstreamRequest upstreamRequest, RelayServices services)
    {
        Session = session;
        Request = request;
        Ownership = new SessionOwnership(session, request.Path[0]);
        _services = services;
        _upstreamRequest = upstreamRequest;
        _words = request.Texts is { } texts ? new Wording(texts) : Wording.Usual;
        _client = new RelayLeg(new FrameLane(services.Options.UpstreamReadAheadBytes, services.Budget, services.Time));
        _upstream = new RelayLeg(new FrameLane(services.Options.ClientReadAheadBytes, services.Budget, services.Time));
        _meter = new RelayMeter(Ownership, services.Marks, services.Journal, services.Billing, services.Time);
        _clock = upstreamRequest.MeteredBy is MeteredBy.OwnClock ? new OwnClock(_meter, services.Time) : null;
        _outbox = new EventOutbox(
            services.Grains.Get<ISessionGrain>(session.ToString()), services.Time, Abandon, services.Metrics.EventDropped, services.Logger);
        Ring = new SessionRing(services.Options.RingBytes, services.Rings, services.Time);
        StartedAt = services.Time.GetTimestamp();
        _policy = SessionPolicy.Of(session, request, services.Policies, Record);
    }

    /// <summary>The session.</summary>
    public SessionId Session { get; }

    /// <summary>What it was opened with.</summary>
    public OpenSession Request { get; }

    /// <summary>This process's claim to it.</summary>
    public SessionOwnership Ownership { get; }

    /// <summary>Whether the session has its row.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>The state the grain decided last.</summary>
    public SessionState State => _state;

    /// <summary>What was last said on the session.</summary>
    public SessionRing Ring { get; }

    /// <summary>Done when both sockets are closed and the end is on its way into the books.</summary>
    public Task Completion => _completion.Task;

    /// <summary>The link to the client, where its socket is in another process.</summary>
    internal LinkEnd? Link => (_client.Socket as LinkedSocket)?.Link;

    /// <summary>Begins to read the client. Its frames wait until there is an upstream.</summary>
    public void Start(WebSocket client)
    {
        var pump = new FramePump(client, _upstream.Lane, _services.Budget, _services.Options.MaxMessageBytes, InspectClientAsync);
        _ = WatchClientAsync(_client.ReadAsync(client, pump));
    }

    /// <summary>Tells the grain, in order and soon.</summary>
    public void Post(SessionEvent @event) => _outbox.Post(@event);

    // What follows are the grain's commands.

    /// <summary>Steps 3 and 4 are done: the row exists under this epoch, and what is held for it is known.</summary>
    internal void Claimed(HoldTerms? hold)
    {
        if (hold is not null)
            _meter.Hold = new SessionHold(Ownership, hold, _services.Settlements, _services.Billing, _services.Time, Spent);
        IsClaimed = true;
        _decided.TrySetResult();
    }

    /// <summary>
    /// The session was not admitted: the client is told, and nothing else happens. Where the outcome of the claim is unknown
    /// the row is ended, in case there is one.
    /// </summary>
    internal void Refuse(CloseCode code, bool mayHaveRow)
    {
        _state = _state with { Phase = SessionPhase.Ended, Code = code };
        End(mayHaveRow ? [new SessionEffect.Dismiss(code), new SessionEffect.Finish(code)] : [new SessionEffect.Dismiss(code)]);
    }

    /// <summary>The grain decided: the new state, and what led to it, go on record.</summary>
    internal void Publish(SessionState state, SessionEvent cause)
    {
        var before = _state;
        _state = state;
        if (state.Phase is SessionPhase.Connected or SessionPhase.Generating && _readyAt == 0)
            _readyAt = _services.Time.GetTimestamp();

        if (state.Phase is SessionPhase.Ended && _steering is { } steering)
            _services.Journal.Add([.. steering.Rest().Select(mark => Timeline.Steered(Ownership, _services.Time.GetUtcNow(), mark))]);
        if (state.Phase is SessionPhase.Ended && _watchers is { } watchers)
            _services.Journal.Add([.. watchers.Rest().Select(mark => Timeline.Watched(Ownership, _services.Time.GetUtcNow(), mark))]);
        // The end has an entry of its own, which comes last.
        var phase = state.Phase == before.Phase || state.Phase is SessionPhase.Ended ? (SessionPhase?)null : state.Phase;
        var happened = Timeline.Of(Ownership, _services.Time.GetUtcNow(), cause, phase);
        if (LifecycleFrames.Of(before, state, cause) is { } frame)
            Ring.Add(ObservedFrom.Lifecycle, frame, isText: true);
        _services.Journal.Add(state == before || state.Phase is SessionPhase.Ended ? [happened] : [happened, new StateChanged(Ownership, state, _version)]);
    }

    /// <summary>Step 5: opens the upstream and reports how it went.</summary>
    internal void Dial()
    {
        _ = Background.RunAsync(DialAsync);
    }

    /// <summary>Step 8: what ends the session, in order. Only the first call counts.</summary>
    internal void End(IReadOnlyList<SessionEffect> effects)
    {
        lock (_gate)
        {
            if (_ending)
                return;
            _ending = true;
        }

        _ = Background.RunAsync(() => EndAsync(effects));
    }

    /// <summary>Cuts both sockets; for a process that has no time left.</summary>
    internal void Cut()
    {
        _upstream.Cut();
        _client.Cut();
    }

    /// <summary>The grain cannot be reached: the session ends without it. Safe to repeat.</summary>
    public void Abandon()
    {
        _state = _state with { Phase = SessionPhase.Ended, Code = CloseCode.InternalError };
        End([
            new SessionEffect.HangUp(new WireClose(1000, null)),
            new SessionEffect.Finish(CloseCode.InternalError),
            new SessionEffect.Dismiss(CloseCode.InternalError),
        ]);
    }

    private void Spent() => Post(new SessionEvent.CloseRequested(CloseCode.InsufficientCredits));

    private async Task DialAsync()
    {
        try
        {
            var outcome = await _services.Dialer.DialAsync(_upstreamRequest, _dialStop.Token);
            if (outcome.Socket is { } socket)
                UpstreamOpened(socket);
            else
                Post(new SessionEvent.UpstreamFailed(outcome.Refused));
        }
        catch (OperationCanceledException)
        {
            // The session ended before its upstream opened.
        }
#pragma warning disable CA1031 // A dialer that breaks its promise must not leave the client waiting.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDialFailed(_services.Logger, exception, Session);
            Post(new SessionEvent.UpstreamFailed(CloseCode.InternalError));
        }
    }

    private void UpstreamOpened(WebSocket socket)
    {
        lock (_gate)
        {
            if (_ending)
            {
                socket.Abort();
                socket.Dispose();
                return;
            }

            _meter.UpstreamOpened();
            var pump = new FramePump(socket, _client.Lane, _services.Budget, _services.Options.MaxMessageBytes, InspectUpstreamAsync);
            _ = WatchUpstreamAsync(_upstream.ReadAsync(socket, pump));
        }

        Post(new SessionEvent.UpstreamOpened());
    }

    private async Task WatchClientAsync(Task<PumpEnd> reading)
    {
        var end = Redacted(await reading, CredentialText.Redact);
        // Begun first: the end waits for the answer, and does not cut it short.
        var answer = AnswerAsync(_client, end);
        Post(end.IsTooBig ? new SessionEvent.CloseRequested(CloseCode.MessageTooBig) : new SessionEvent.ClientLeft(end.Close));
        await answer;
    }

    private async Task WatchUpstreamAsync(Task<PumpEnd> reading)
    {
        var end = Redacted(await reading, OurKey.Redact);
        StopClock(end);
        Post(end.IsTooBig ? new SessionEvent.CloseRequested(CloseCode.ProviderError) : new SessionEvent.UpstreamLeft(end.Close));
        await AnswerAsync(_upstream, end);
    }

    /// <summary>The words of a close frame go on record and to both sides.</summary>
    private static PumpEnd Redacted(PumpEnd end, Func<string, string> redact) =>
        end.Close.Reason is { } reason ? end with { Close = end.Close with { Reason = redact(reason) } } : end;

    /// <summary>A peer that closes in good order is answered at once, whatever the other side still has to say.</summary>
    private Task AnswerAsync(RelayLeg leg, PumpEnd end) => end.Close.Vanished || end.IsTooBig
        ? Task.CompletedTask
        : leg.CloseAsync(end.Close.Forwarded, _services.Options.CloseTimeout, _services.Options.CloseTimeout, _services.Time);
}
