using Orchestrator.Simulator.Oracles;

namespace Orchestrator.Tests.Simulator;

public class SessionTruthTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly SetClock _clock = new();

    [Fact]
    public void The_largest_count_sent_before_an_instant_is_found_by_either_clock()
    {
        var session = Session(limit: 100);
        Tick(session, second: 1, milliseconds: 1000);
        Tick(session, second: 2, milliseconds: 3000);
        Tick(session, second: 3, milliseconds: 2000);
        Tick(session, second: 4, milliseconds: null);

        Assert.Equal(
            (long?[])[0, 1000, 1000, 3000, 3000, 3000],
            ((double[])[0.5, 1, 1.5, 2, 3, 9]).Select(second => session.MaxMillisecondsSentBefore(At(second))));
        Assert.Equal(1000, session.MaxMillisecondsSentBefore(TimeSpan.FromSeconds(1.5).Ticks));
        Assert.Equal((3000, 4, null), (session.MaxMilliseconds, session.TickCount, session.LastTick!.Milliseconds));
    }

    [Fact]
    public void What_was_let_go_still_counts_but_is_not_dated_any_more()
    {
        var session = Session(limit: 2);
        Tick(session, second: 1, milliseconds: 9000);
        Tick(session, second: 2, milliseconds: 2000);
        Tick(session, second: 3, milliseconds: 3000);

        Assert.Equal(["2", "3"], session.Ticks.Select(tick => tick.Text));
        Assert.Equal((9000, 3, 1), (session.MaxMilliseconds, session.TickCount, session.Forgotten));
        Assert.Null(session.MaxMillisecondsSentBefore(At(0.5)));
        Assert.Equal(9000, session.MaxMillisecondsSentBefore(At(1)));
    }

    [Fact]
    public void A_tick_keeps_its_seconds_as_they_were_sent()
    {
        var session = Session(limit: 10);
        foreach (var (seconds, milliseconds) in ((string?, long?)[])[("7", 7000), ("7.0", 7000), ("5.0004", 5000), ("true", null), (null, null)])
            session.Add(TruthKind.Tick, milliseconds, seconds);

        Assert.Equal(["7", "7.0", "5.0004", "true", null], session.Ticks.Select(tick => tick.Text));
        Assert.Equal([7000, 7000, 5000, null, null], session.Ticks.Select(tick => tick.Milliseconds));
    }

    [Fact]
    public void Ended_sessions_are_let_go_oldest_first_and_open_ones_never()
    {
        var truth = new Truth(new() { MaxEndedSessions = 1 });
        var sessions = ((string[])["a", "b", "c"]).Select(id => truth.Open(id, "m", new Dictionary<string, string>())).ToArray();

        truth.End(sessions[1]);
        truth.End(sessions[0]);

        Assert.Equal(["c", "a"], truth.Sessions.Select(session => session.ProviderSessionId));
        Assert.Equal([true, false], truth.Sessions.Select(session => session.IsOpen));
        Assert.Null(truth.Find("b"));
        Assert.Null(truth.MaxMillisecondsSentBefore("b", Noon));
    }

    [Fact]
    public void The_span_is_from_the_first_answer_to_the_end()
    {
        var session = Session(limit: 10);
        Assert.Null(session.SpanMilliseconds);

        _clock.Now = TimeSpan.FromSeconds(2);
        session.Answered();
        _clock.Now = TimeSpan.FromSeconds(4);
        session.Answered();
        Assert.Null(session.SpanMilliseconds);
        _clock.Now = TimeSpan.FromSeconds(7.5);
        session.End();
        _clock.Now = TimeSpan.FromSeconds(9);
        session.End();

        Assert.Equal(5500, session.SpanMilliseconds);
    }

    private SessionTruth Session(int limit) => new("sim-1", "m", new Dictionary<string, string>(), limit, _clock);

    private void Tick(SessionTruth session, int second, long? milliseconds)
    {
        _clock.Now = TimeSpan.FromSeconds(second);
        session.Add(TruthKind.Tick, milliseconds, milliseconds is null ? "true" : $"{milliseconds / 1000}");
    }

    private static DateTimeOffset At(double second) => Noon + TimeSpan.FromSeconds(second);

    private sealed class SetClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Noon + Now;

        public override long GetTimestamp() => Now.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
