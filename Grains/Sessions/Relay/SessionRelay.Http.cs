using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Step 6 for a client that speaks to us over HTTP. The process that took its offer holds its end of a pipe, but its later
/// requests come to any process: what they say enters by a second pipe, and goes the way of any frame of a client. Only the
/// grain calls this, so one call at a time.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The pipe is cut with the session.")]
public sealed partial class SessionRelay
{
    /// <summary>The longest turn: a request whose process is lost gives none back.</summary>
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(60);

    private WebSocket? _signals;
    private FramePump? _signalPump;
    private Task _signalled = Task.CompletedTask;
    private Guid? _turn;
    private long _turnAt;
    private long _revision;
    private long _heardAt;

    /// <summary>How many frames came by requests.</summary>
    private long Signals => _signalPump?.Messages ?? 0;

    /// <summary>Whether the client should have given a sign of life by now, and has not. One that still waits for its answer is there.</summary>
    private bool IsSilent => Request.Http?.Silence is { } silence
        && Volatile.Read(ref _heardAt) is var heard and not 0 && _services.Time.GetElapsedTime(heard) > silence;

    /// <summary>What a request has to know.</summary>
    internal SessionLook Look(bool isClient)
    {
        if (isClient)
            Volatile.Write(ref _heardAt, _services.Time.GetTimestamp());
        var state = _state;
        return new SessionLook(Request, state.Phase, state.Code, _revision, Ring.Next);
    }

    /// <summary>Takes what the client said by a request.</summary>
    internal SignalAnswer Signal(ClientSignal signal)
    {
        if (signal.Frames.Count == 0)
        {
            if (_turn == signal.Turn)
                _turn = null;
            return Answer(SignalOutcome.Sent);
        }

        if (_state.Phase is SessionPhase.Ended)
            return Answer(SignalOutcome.Gone);
        if (signal.Turn is not null && _turn is not null && _services.Time.GetElapsedTime(_turnAt) < LongestTurn)
            return Answer(SignalOutcome.Busy);
        if (signal.Revision is >= 0 and var known && known != _revision)
            return Answer(SignalOutcome.Stale);
        // What did not fit the last time is still on its way; a second that waits would have no bound.
        if (!_signalled.IsCompleted || !_upstream.Lane.IsReadable)
            return Answer(SignalOutcome.Full);

        if (signal.Turn is not null)
            (_turn, _turnAt) = (signal.Turn, _services.Time.GetTimestamp());
        if (signal.Revision is not null)
            _revision++;
        var answer = Answer(SignalOutcome.Sent);
        _signalled = SendAsync(signal.Frames);
        return answer;

        SignalAnswer Answer(SignalOutcome outcome) => new(outcome, Ring.Next, _revision);
    }

    private async Task SendAsync(IReadOnlyList<byte[]> frames)
    {
        try
        {
            var pipe = _signals ??= OpenSignals();
            foreach (var frame in frames)
                await pipe.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception exception) when (FrameLane.IsGone(exception))
        {
            // The session is over.
        }
    }

    private WebSocket OpenSignals()
    {
        var (theirs, ours) = FramePipe.Create();
        _signalPump = new FramePump(ours, _upstream.Lane, _services.Budget, _services.Options.MaxMessageBytes, InspectClientAsync);
        _ = Hosting.Background.RunAsync(_signalPump.RunAsync);
        return theirs;
    }

    private void CutSignals() => _signals?.Abort();
}
