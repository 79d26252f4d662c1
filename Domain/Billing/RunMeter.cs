using static Orchestrator.Domain.Billing.MeterEvent;

namespace Orchestrator.Domain.Billing;

/// <summary>
/// What the provider's counter told so far about one session. A <b>run</b> is one life of that counter from its zero: the
/// ledger's generation. Times are spans since the upstream opened, on a clock that never steps.
/// </summary>
/// <param name="Run">Ordinal of the current or last run in the session; 0 before the first.</param>
/// <param name="IsOpen">Whether the run still counts.</param>
/// <param name="MarkMs">The run's mark: the largest believable count of milliseconds. It never falls.</param>
/// <param name="StartedAt">When the run began.</param>
/// <param name="Upstream">The provider's own id of the session, as far as told.</param>
/// <param name="UpstreamSince">Since when that counter can have counted at the earliest.</param>
/// <param name="HasCounted">Whether this upstream has had a run.</param>
/// <param name="BaseMs">Where the provider's counter stood at this run's zero.</param>
/// <param name="IsBaseKnown">False until the run's first value told whether the counter went on from the last run or began again.</param>
/// <param name="IsReattached">The connection is new, so the next start may be that of a counter begun anew.</param>
/// <param name="RestartAt">Such a start was heard; the next value tells.</param>
public sealed record MeterState(
    int Run, bool IsOpen, long MarkMs, TimeSpan StartedAt, string? Upstream, TimeSpan UpstreamSince, bool HasCounted,
    long BaseMs, bool IsBaseKnown, bool IsReattached, TimeSpan? RestartAt)
{
    /// <summary>Nothing heard yet.</summary>
    public static MeterState New { get; } = new(
        Run: 0, IsOpen: false, MarkMs: 0, StartedAt: TimeSpan.Zero, Upstream: null, UpstreamSince: TimeSpan.Zero, HasCounted: false,
        BaseMs: 0, IsBaseKnown: false, IsReattached: false, RestartAt: null);

    /// <summary>Where the provider's counter stands as far as it is believed; zero for one that has not counted yet.</summary>
    public long CounterMs => HasCounted ? BaseMs + MarkMs : 0;
}

/// <summary>What the relay hears about generated time.</summary>
public abstract record MeterEvent
{
    private MeterEvent() { }

    /// <summary>The provider named its session; another name is another counter.</summary>
    public sealed record Named(TimeSpan At, string Upstream) : MeterEvent;

    /// <summary>A new connection to the same upstream session (a sideband re-attached).</summary>
    public sealed record Reattached : MeterEvent;

    /// <summary>The provider says that a generation starts.</summary>
    public sealed record Started(TimeSpan At) : MeterEvent;

    /// <summary>The provider's counter. Null milliseconds: the value was no believable number.</summary>
    public sealed record Ticked(TimeSpan At, long? ClaimedMs) : MeterEvent;

    /// <summary>The provider says that the generation ended, perhaps with its last count.</summary>
    public sealed record Ended(TimeSpan At, long? ClaimedMs) : MeterEvent;
}

/// <summary>What did not add up. Each is counted; none moves a mark wrongly.</summary>
public enum MeterAnomaly
{
    /// <summary>Seconds were missing, negative, no number, or absurdly large.</summary>
    Malformed,
    /// <summary>The counter fell without a restart; the mark stays.</summary>
    Regression,
    /// <summary>The counter ran ahead of the clock; the mark is clamped and the claim kept.</summary>
    AheadOfClock,
    /// <summary>Seconds arrived for a run that had ended; they are not billed.</summary>
    AfterEnd,
}

/// <summary>One step of the meter.</summary>
/// <param name="Next">The state from now on.</param>
/// <param name="Anomaly">What was odd about the event, if anything.</param>
/// <param name="ClaimedMs">With an anomaly: the run's milliseconds as the provider claimed them.</param>
public readonly record struct MeterStep(MeterState Next, MeterAnomaly? Anomaly = null, long? ClaimedMs = null);

/// <summary>
/// From a provider's cumulative seconds to marks. Any order, repetition or loss of ticks gives the same mark once the
/// largest has been seen; nothing the provider says lowers one, and none outruns the clock by more than the slack.
/// </summary>
public static class RunMeter
{
    /// <summary>How far a counter may be ahead of our clock before it is clamped: its granularity and the network's delay.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    /// <summary>The meter after one event.</summary>
    public static MeterStep Apply(MeterState state, MeterEvent @event) => (state, @event) switch
    {
        ({ Upstream: null }, Named named)                                    => new(state with { Upstream = named.Upstream }),
        (_, Named named) when named.Upstream != state.Upstream               => new(Replace(state, named)),

        (_, Reattached)                                                      => new(state with { IsReattached = true }),
        ({ IsOpen: true, IsReattached: true }, Started started)              => new(state with { IsReattached = false, RestartAt = started.At }),
        // A start inside a run is the provider renegotiating its media: the counter goes on.
        ({ IsOpen: true }, Started)                                          => new(state),
        (_, Started started)                                                 => new(Begin(state, started.At)),

        (_, Ticked { ClaimedMs: null })                                      => new(state, MeterAnomaly.Malformed),
        ({ IsOpen: true }, Ticked { ClaimedMs: { } claimed } tick)           => Raise(state, claimed, tick.At),
        // A provider that never said "started" still generates, since it was there at the earliest.
        ({ HasCounted: false }, Ticked { ClaimedMs: > 0 and var claimed } t) => Raise(Begin(state, state.UpstreamSince), claimed, t.At),
        ({ HasCounted: true }, Ticked { ClaimedMs: { } claimed })            => Late(state, claimed),

        ({ IsOpen: true }, Ended { ClaimedMs: null })                        => Close(new(state, MeterAnomaly.Malformed)),
        ({ IsOpen: true }, Ended { ClaimedMs: { } claimed } ended)           => Close(Raise(state, claimed, ended.At)),
        ({ HasCounted: false }, Ended { ClaimedMs: > 0 and var claimed } e)  => Close(Raise(Begin(state, state.UpstreamSince), claimed, e.At)),
        ({ HasCounted: true }, Ended { ClaimedMs: { } claimed })             => Late(state, claimed),
        _                                                                    => new(state),
    };

    /// <summary>Another upstream session is another counter, which starts from zero. The last run keeps its mark and counts no more.</summary>
    private static MeterState Replace(MeterState state, Named named) => MeterState.New with
    {
        Run = state.Run, MarkMs = state.MarkMs, StartedAt = state.StartedAt, Upstream = named.Upstream, UpstreamSince = named.At,
    };

    /// <summary>
    /// A new run. Where the same upstream has counted before, the first value tells whether the counter went on (at or
    /// above where it stood: only the difference is new) or began again (below: all of it is new). Either way nothing is billed twice.
    /// </summary>
    private static MeterState Begin(MeterState state, TimeSpan at) => state with
    {
        Run = state.Run + 1, IsOpen = true, HasCounted = true, MarkMs = 0, StartedAt = at,
        BaseMs = state.CounterMs, IsBaseKnown = state.CounterMs == 0, IsReattached = false, RestartAt = null,
    };

    private static MeterStep Raise(MeterState state, long claimed, TimeSpan at)
    {
        if (state.RestartAt is { } restartAt)
            state = claimed < state.CounterMs ? Begin(state, restartAt) : state with { RestartAt = null };
        if (!state.IsBaseKnown)
            state = state with { IsBaseKnown = true, BaseMs = claimed < state.BaseMs ? 0 : state.BaseMs };

        var counted = claimed - state.BaseMs;
        var limit = (long)(at - state.StartedAt + Slack).TotalMilliseconds;
        return counted switch
        {
            _ when counted < state.MarkMs => new(state, MeterAnomaly.Regression, counted),
            _ when counted <= limit       => new(state with { MarkMs = counted }),
            _                             => new(state with { MarkMs = Math.Max(state.MarkMs, limit) }, MeterAnomaly.AheadOfClock, counted),
        };
    }

    /// <summary>A count for a run that has ended: what it repeats is normal, what it adds is not billed.</summary>
    private static MeterStep Late(MeterState state, long claimed) =>
        claimed > state.CounterMs ? new(state, MeterAnomaly.AfterEnd, claimed - state.BaseMs) : new(state);

    private static MeterStep Close(MeterStep step) => step with { Next = step.Next with { IsOpen = false } };
}
