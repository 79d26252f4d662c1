using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Observing;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>Step 8: the end of a session, and what leads to one.</summary>
public sealed partial class SessionRelay
{
    private long _readyAt;
    private long _quietSince;
    private long _quietAt;
    private GenerationClosed? _cutShort;

    /// <summary>When the client connected, by the process's monotonic clock.</summary>
    internal long StartedAt { get; }

    /// <summary>How long it lives from now at most, by its own limits; null when none of them ends it.</summary>
    internal TimeSpan? LongestLeft => _state.Phase is SessionPhase.Ended ? TimeSpan.Zero : DrainRule.LongestLeft(
        Request.MaxDuration,
        _readyAt == 0 ? null : _services.Time.GetElapsedTime(_readyAt),
        _services.Time.GetElapsedTime(StartedAt),
        _services.Options.WaitTimeout);

    /// <summary>Looks once whether a limit was reached. Called about each second, for every relay, by one thread.</summary>
    internal void Sweep()
    {
        if (_state.Phase is SessionPhase.Ended)
            return;
        Link?.CheckSilence();
        _clock?.Count();
        if (IsSilent)
            Post(new SessionEvent.ClientLeft(PeerClose.Gone));
        else if (Limit() is { } code)
            Post(new SessionEvent.CloseRequested(code));
        else if (_policy?.Settings is { IsOverdue: true })
            Post(new SessionEvent.CloseRequested(CloseCode.PolicyViolation));
        else if (_meter.CheckStall(_services.Options.TickTimeout) is { } news)
            Post(news);
    }

    private CloseCode? Limit()
    {
        var (options, time) = (_services.Options, _services.Time);
        if (_client.Lane.StalledFor > options.StallTimeout)
            return CloseCode.SlowClient;
        if (_upstream.Lane.StalledFor > options.StallTimeout)
            return CloseCode.UpstreamStalled;
        // What was spent in the provider's queue is not the end user's.
        if (_readyAt != 0 && time.GetElapsedTime(_readyAt) > Request.MaxDuration)
            return CloseCode.DurationLimit;
        if (_readyAt == 0 && time.GetElapsedTime(StartedAt) > options.WaitTimeout)
            return CloseCode.WaitLimit;

        var messages = _client.Messages + _upstream.Messages + Signals;
        // Where our clock counts, seconds are generated without a word.
        if (messages != _quietAt || _quietSince == 0 || _clock is { IsRunning: true })
            (_quietAt, _quietSince) = (messages, time.GetTimestamp());
        return time.GetElapsedTime(_quietSince) > options.IdleTimeout ? CloseCode.IdleTimeout : null;
    }

    private async Task EndAsync(IReadOnlyList<SessionEffect> effects)
    {
        _policy?.Dispose();
        _decided.TrySetResult();
        try
        {
            foreach (var effect in effects)
                await PerformAsync(effect);
        }
#pragma warning disable CA1031 // Whatever fails, both sockets are cut and whoever waits for the end gets it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogEndFailed(_services.Logger, exception, Session);
        }

        _upstream.Cut();
        await _client.WhenSaidAsync();
        _client.Cut();
        CutSignals();
        TellObservers();
        _services.Registry.Remove(this);
        _completion.TrySetResult();
    }

    private Task PerformAsync(SessionEffect effect) => effect switch
    {
        SessionEffect.HangUp hangUp        => HangUpAsync(hangUp.Close),
        SessionEffect.Finish finish        => FinishAsync(finish.Code),
        SessionEffect.ForwardClose forward => ForwardAsync(forward.Close),
        SessionEffect.Dismiss dismiss      => DismissAsync(dismiss.Code),
        _                                  => throw new InvalidOperationException($"A relay that ends does not perform {effect}."),
    };

    /// <summary>Ends the provider's session. What it still has to say, its last count above all, is heard for a moment.</summary>
    private async Task HangUpAsync(WireClose? close)
    {
        await _dialStop.CancelAsync();
        _clock?.Stop();
        // One that takes no byte takes no goodbye either, and to wait for that would keep the client from hearing why.
        if (close is { } goodbye && _upstream.IsOpen && _upstream.Lane.StalledFor <= _services.Options.StallTimeout)
            await _upstream.CloseAsync(goodbye, _services.Options.CloseTimeout, _services.Options.CloseTimeout, _services.Time);
        else
            _upstream.Cut();
    }

    private Task FinishAsync(CloseCode code)
    {
        _clock?.Stop();
        var entry = code.Entry();
        var runs = _meter.Finish(entry.Name);
        _cutShort = runs.Count > 0 ? runs[0] : null;
        Link?.Ends(code);
        _services.Metrics.SessionEnded(code);
        LogEnded(_services.Logger, Session, entry.Name);
        if (!Ownership.IsLost)
        {
            Ownership.IsEnding = true;
            _services.Journal.Add(new SessionEnded(Ownership, Ownership.NextSequence(), _services.Time.GetUtcNow(), code, _state, runs));
        }

        return Task.CompletedTask;
    }

    /// <summary>Passes the provider's close on. A run that it left open ends for the client first; otherwise the provider has said it all.</summary>
    private async Task ForwardAsync(WireClose close)
    {
        if (_cutShort is not null && _state.Code is { } code)
            await TellAsync(code);
        TellObservers();
        // What its words would give away, those of the session's own end say too.
        if (close.Reason is { } reason && _services.Names.AreIn(reason))
            close = close with { Reason = _words.Of(_state.Code ?? CloseCode.UpstreamClosed) };
        await _client.CloseAsync(close, _services.Options.StallTimeout, _services.Options.CloseTimeout, _services.Time);
    }

    private async Task TellAsync(CloseCode code)
    {
        // A run that was cut short ends for the client as it would have ended with the provider: durable first, then told.
        if (_cutShort is { } run && !Ownership.IsLost)
            await WhenDurableAsync(run.Generation);
        var frames = _words.In(IsClaimed ? Dialect.Farewell(code, _cutShort?.Generation.MarkMs) : Dialect.Refusal(code), code);
        foreach (var frame in frames)
        {
            Ring.Add(ObservedFrom.Us, frame, isText: true);
            _client.Lane.Send(frame);
        }
    }

    /// <summary>
    /// The last that is recorded: the final mark, which nothing raises any more. Before the close frames are exchanged, since a client
    /// may take its time for that. Only the first call counts: the ring closes with it.
    /// </summary>
    private void TellObservers()
    {
        Ring.Add(ObservedFrom.Lifecycle, LifecycleFrames.Ended(_meter.TotalMs, _state.Code ?? CloseCode.InternalError), isText: true);
        Ring.Close();
    }

    private async Task DismissAsync(CloseCode code)
    {
        await TellAsync(code);
        TellObservers();
        var timeout = _services.Options.CloseTimeout;
        await _client.CloseAsync(_words.CloseFor(code), timeout, timeout, _services.Time);
    }

    [LoggerMessage(1141, LogLevel.Debug, "Session {Session} ended: {Code}")]
    private static partial void LogEnded(ILogger logger, SessionId session, string code);

    [LoggerMessage(1142, LogLevel.Error, "Session {Session} failed to end in order; its sockets are cut")]
    private static partial void LogEndFailed(ILogger logger, Exception exception, SessionId session);

    [LoggerMessage(1143, LogLevel.Error, "Session {Session} could not dial")]
    private static partial void LogDialFailed(ILogger logger, Exception exception, SessionId session);
}
