using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Sessions.Journal;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>
/// Step 7 at the relay: turns what the provider says of its counter into marks, runs and their rows. Only the pump that reads
/// the upstream calls it, but for <see cref="CheckStall"/> and the end of the session.
/// </summary>
internal sealed class RelayMeter(SessionOwnership ownership, MarkBook marks, SessionJournal journal, BillingMetrics metrics, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly HashSet<(int Run, MeterAnomaly Anomaly)> _told = [];
    private MeterState _state = MeterState.New;
    private LiveGeneration? _generation;
    private long? _claimedMs;
    private long _openedAt;
    private bool _stalled;
    private bool _finished;
    private long _closedMs;

    /// <summary>What the session lives on, where a wallet limits it. Set before the upstream is dialled.</summary>
    public SessionHold? Hold { get; set; }

    /// <summary>The run that counts now, if any.</summary>
    public LiveGeneration? Open
    {
        get
        {
            lock (_gate)
                return _generation;
        }
    }

    /// <summary>All that was generated, over all runs.</summary>
    public long TotalMs
    {
        get
        {
            lock (_gate)
                return _closedMs + (_generation?.MarkMs ?? 0);
        }
    }

    /// <summary>The upstream is open: from here on the provider's counter can count.</summary>
    public void UpstreamOpened() => _openedAt = time.GetTimestamp();

    /// <summary>The provider named its session.</summary>
    public void Named(string upstream) => Apply(new MeterEvent.Named(Elapsed, upstream));

    /// <summary>The provider says that it starts to generate.</summary>
    public void Started() => Apply(new MeterEvent.Started(Elapsed));

    /// <summary>The provider's counter.</summary>
    public void Ticked(long? milliseconds) => Apply(new MeterEvent.Ticked(Elapsed, milliseconds));

    /// <summary>
    /// The provider says that the generation ended. The run still has to be closed with <see cref="Close"/> once its mark is durable.
    /// </summary>
    /// <returns>The run that ended, or null when none was open.</returns>
    public LiveGeneration? Ended(long? milliseconds)
    {
        lock (_gate)
        {
            var before = _state.Run;
            var wasOpen = _state.IsOpen;
            Apply(new MeterEvent.Ended(Elapsed, milliseconds), keepOpen: true);
            return wasOpen || _state.Run > before ? _generation : null;
        }
    }

    /// <summary>Closes the run at its mark.</summary>
    public void Close(LiveGeneration generation, string reason)
    {
        lock (_gate)
        {
            if (_generation == generation)
                journal.Add(Take(reason));
        }
    }

    /// <summary>Ends metering for good; what is still open is closed with the session.</summary>
    public IReadOnlyList<GenerationClosed> Finish(string reason)
    {
        lock (_gate)
        {
            _finished = true;
            Hold?.Dispose();
            return _generation is null ? [] : [Take(reason)];
        }
    }

    /// <summary>What to tell the session when the counter of an open run stands still, or moves again.</summary>
    public SessionEvent? CheckStall(TimeSpan tickTimeout)
    {
        lock (_gate)
        {
            if (_generation is not { } generation)
                return null;
            var stalled = time.GetElapsedTime(generation.RaisedAt) > tickTimeout;
            if (stalled == _stalled)
                return null;
            _stalled = stalled;
            return stalled
                ? new SessionEvent.GenerationStalled(generation.Run, generation.MarkMs)
                : new SessionEvent.GenerationResumed(generation.Run, generation.MarkMs);
        }
    }

    private TimeSpan Elapsed => time.GetElapsedTime(_openedAt);

    private void Apply(MeterEvent @event, bool keepOpen = false)
    {
        lock (_gate)
        {
            if (_finished)
                return;

            var before = _state;
            var step = RunMeter.Apply(before, @event);
            _state = step.Next;

            if (_generation is not null && (step.Next.Run > before.Run || (!step.Next.IsOpen && !keepOpen)))
                journal.Add(Take("replaced"));
            if (step.Next.Run > before.Run)
                Begin(step.Next);
            if (_generation is { } generation && step.Next.MarkMs > generation.MarkMs)
            {
                marks.Raise(generation, step.Next.MarkMs);
                generation.RaisedAt = time.GetTimestamp();
                Hold?.Raised();
            }

            if (step.Anomaly is { } anomaly)
                Tell(anomaly, step.ClaimedMs);
        }
    }

    private void Begin(MeterState state)
    {
        var startedAt = time.GetUtcNow() - (Elapsed - state.StartedAt);
        _generation = new LiveGeneration(ownership, state.Run, state.Upstream, startedAt) { RaisedAt = time.GetTimestamp() };
        _claimedMs = null;
        _stalled = false;
        marks.Add(_generation);
        journal.Add(new GenerationOpened(_generation));
        Hold?.Begin(_generation);
    }

    private GenerationClosed Take(string reason)
    {
        Hold?.End();
        var closed = new GenerationClosed(_generation!, reason, _claimedMs);
        marks.Close(_generation!);
        _closedMs += _generation!.MarkMs;
        _generation = null;
        return closed;
    }

    /// <summary>Counts every anomaly, and puts the first of each kind in a run on the timeline.</summary>
    private void Tell(MeterAnomaly anomaly, long? claimedMs)
    {
        metrics.AnomalyFound(anomaly);
        if (anomaly is MeterAnomaly.AheadOfClock)
            _claimedMs = Math.Max(_claimedMs ?? 0, claimedMs ?? 0);
        if (_told.Add((_state.Run, anomaly)))
            journal.Add(Timeline.Anomaly(ownership, time.GetUtcNow(), _state.Run, anomaly, claimedMs, _state.MarkMs));
    }
}
