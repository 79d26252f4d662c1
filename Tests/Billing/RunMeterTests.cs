using Orchestrator.Domain.Billing;
using static Orchestrator.Domain.Billing.MeterAnomaly;
using static Orchestrator.Tests.Billing.MeterScript;

namespace Orchestrator.Tests.Billing;

public class RunMeterTests
{
    private static readonly MeterEvent[] Ten = [Started(0), Tick(10, 10)];
    private static readonly MeterEvent[] TenEnded = [.. Ten, Ended(10, 10)];
    private static readonly MeterEvent[] TenOfA = [Named(0, "a"), .. Ten];

    /// <summary>Instants and counts in seconds: ordinal, state and mark of the last run, and what all runs together bill.</summary>
    public static TheoryData<string, MeterEvent[], int, bool, double, double, MeterAnomaly[]> Arms => new()
    {
        // sentence                                 events                                                                n  open   s   all anomalies
        { "nothing is billed before a value",       [Started(0)],                                                         1, true,  0,  0,  [] },
        { "a tick raises the mark",                 [Started(0), Tick(5, 5)],                                             1, true,  5,  5,  [] },
        { "a repeated tick changes nothing",        [.. Ten, Tick(11, 10)],                                               1, true,  10, 10, [] },
        { "a later tick makes up for lost ones",    [Started(0), Tick(1, 1), Tick(9, 9)],                                 1, true,  9,  9,  [] },
        { "a fall is ignored and counted",          [.. Ten, Tick(11, 8)],                                                1, true,  10, 10, [Regression] },
        { "after a fall the counter goes on",       [.. Ten, Tick(11, 8), Tick(12, 12)],                                  1, true,  12, 12, [Regression] },
        { "a start in a run is a renegotiation",    [.. Ten, Started(11), Tick(12, 12)],                                  1, true,  12, 12, [] },
        { "a fall after one is a fall",             [.. Ten, Started(11), Tick(12, 1)],                                   1, true,  10, 10, [Regression] },

        { "the slack is believed",                  [Started(0), Tick(5, 7)],                                             1, true,  7,  7,  [] },
        { "beyond the slack is clamped",            [Started(0), Tick(5, 7.001)],                                         1, true,  7,  7,  [AheadOfClock] },
        { "the clock counts from the start",        [Started(60), Tick(65, 65)],                                          1, true,  7,  7,  [AheadOfClock] },
        { "a clamp moves with the clock",           [Started(0), Tick(5, 99), Tick(6, 99)],                               1, true,  8,  8,  [AheadOfClock, AheadOfClock] },
        { "a clamped counter may come true",        [Started(0), Tick(5, 9), Tick(9, 9)],                                 1, true,  9,  9,  [AheadOfClock] },

        { "no number before a start is malformed",  [Tick(1, null)],                                                      0, false, 0,  0,  [Malformed] },
        { "no number in a run is malformed",        [.. Ten, Tick(11, null)],                                             1, true,  10, 10, [Malformed] },
        { "no number after a run is malformed",     [.. TenEnded, Tick(11, null)],                                        1, false, 10, 10, [Malformed] },

        { "a tick without a start counts",          [Tick(3, 3)],                                                         1, true,  3,  3,  [] },
        { "it is clamped from the upstream's open", [Tick(3, 30)],                                                        1, true,  5,  5,  [AheadOfClock] },
        { "zero without a start is no run",         [Tick(3, 0)],                                                         0, false, 0,  0,  [] },
        { "a start after such a tick is the same",  [Tick(3, 3), Started(4), Tick(5, 5)],                                 1, true,  5,  5,  [] },

        { "an end with the last count",             [.. Ten, Ended(11, 10)],                                              1, false, 10, 10, [] },
        { "an end with more bills the tail",        [.. Ten, Ended(11, 11)],                                              1, false, 11, 11, [] },
        { "an end with less keeps the mark",        [.. Ten, Ended(11, 4)],                                               1, false, 10, 10, [Regression] },
        { "an end far ahead is clamped",            [.. Ten, Ended(11, 60)],                                              1, false, 13, 13, [AheadOfClock] },
        { "an end without a number keeps the mark", [.. Ten, Ended(11, null)],                                            1, false, 10, 10, [Malformed] },
        { "an end without a start is a run",        [Ended(5, 5)],                                                        1, false, 5,  5,  [] },
        { "an end at zero without a start is none", [Ended(5, 0)],                                                        0, false, 0,  0,  [] },
        { "an end with nothing at all is none",     [Ended(5, null)],                                                     0, false, 0,  0,  [] },
        { "a second end changes nothing",           [.. TenEnded, Ended(11, 10)],                                         1, false, 10, 10, [] },
        { "a second end with less changes nothing", [.. TenEnded, Ended(11, 9)],                                          1, false, 10, 10, [] },
        { "a second end with more is not billed",   [.. TenEnded, Ended(11, 11)],                                         1, false, 10, 10, [AfterEnd] },
        { "a second end with nothing is normal",    [.. TenEnded, Ended(11, null)],                                       1, false, 10, 10, [] },
        { "a late tick is normal",                  [.. TenEnded, Tick(11, 9)],                                           1, false, 10, 10, [] },
        { "a late tick with more is not billed",    [.. TenEnded, Tick(11, 11)],                                          1, false, 10, 10, [AfterEnd] },

        { "a first name is that of the counter",    [.. Ten, Named(11, "a"), Tick(12, 12)],                               1, true,  12, 12, [] },
        { "the same name is the same counter",      [.. TenOfA, Named(11, "a"), Tick(12, 12)],                            1, true,  12, 12, [] },
        { "another name ends the run at its mark",  [.. TenOfA, Named(11, "b")],                                          1, false, 10, 10, [] },
        { "another name counts from zero",          [.. TenOfA, Named(11, "b"), Started(12), Tick(15, 3)],                2, true,  3,  13, [] },
        { "its counter owes nothing to the last",   [.. TenOfA, Named(11, "b"), Started(12), Tick(25, 13)],               2, true,  13, 23, [] },
        { "it need not say that it starts",         [.. TenOfA, Named(11, "b"), Tick(15, 3)],                             2, true,  3,  13, [] },
        { "it cannot have counted before its name", [.. TenOfA, Named(11, "b"), Tick(12, 9)],                             2, true,  3,  13, [AheadOfClock] },
        { "another name after the end, too",        [.. TenOfA, Ended(10, 10), Named(11, "b"), Tick(15, 3)],              2, true,  3,  13, [] },

        { "re-attached, started, below: a new run", [.. Ten, Reattached, Started(11), Tick(14, 3)],                       2, true,  3,  13, [] },
        { "re-attached, started, above: the same",  [.. Ten, Reattached, Started(11), Tick(14, 14)],                      1, true,  14, 14, [] },
        { "re-attached, started, equal: the same",  [.. Ten, Reattached, Started(11), Tick(14, 10)],                      1, true,  10, 10, [] },
        { "re-attached, above: the same",           [.. Ten, Reattached, Tick(14, 14)],                                   1, true,  14, 14, [] },
        { "re-attached, below, no start: a fall",   [.. Ten, Reattached, Tick(14, 3)],                                    1, true,  10, 10, [Regression] },
        { "no number does not decide it",           [.. Ten, Reattached, Started(11), Tick(12, null)],                    1, true,  10, 10, [Malformed] },
        { "the number after it does",               [.. Ten, Reattached, Started(9), Tick(12, null), Tick(12, 3)],        2, true,  3,  13, [Malformed] },
        { "an end below decides it",                [.. Ten, Reattached, Started(11), Ended(14, 3)],                      2, false, 3,  13, [] },
        { "an end above decides it",                [.. Ten, Reattached, Started(11), Ended(14, 14)],                     1, false, 14, 14, [] },
        { "the new run's clock starts with it",     [.. Ten, Reattached, Started(11), Tick(12, 9)],                       2, true,  3,  13, [AheadOfClock] },
        { "re-attached after the end: a new run",   [.. TenEnded, Reattached, Started(20), Tick(25, 5)],                  2, true,  5,  15, [] },

        { "a next start whose counter went on",     [.. TenEnded, Started(20), Tick(25, 15)],                             2, true,  5,  15, [] },
        { "a next start whose counter began anew",  [.. TenEnded, Started(20), Tick(25, 5)],                              2, true,  5,  15, [] },
        { "anew, then past where it stood",         [.. TenEnded, Started(20), Tick(25, 5), Tick(35, 15)],                2, true,  15, 25, [] },
        { "went on, first value where it stood",    [.. TenEnded, Started(20), Tick(21, 10), Tick(25, 15)],               2, true,  5,  15, [] },
        { "went on, then fell",                     [.. TenEnded, Started(20), Tick(25, 15), Tick(26, 12)],               2, true,  5,  15, [Regression] },
        { "went on, far ahead of the clock",        [.. TenEnded, Started(20), Tick(21, 30)],                             2, true,  3,  13, [AheadOfClock] },
        { "went on, ended at once",                 [.. TenEnded, Started(20), Ended(25, 15)],                            2, false, 5,  15, [] },
        { "went on twice",                          [.. TenEnded, Started(20), Ended(25, 15), Started(30), Tick(33, 18)], 3, true,  3,  18, [] },
        { "after a run of nothing",                 [Started(0), Ended(1, 0), Started(2), Tick(5, 3)],                    2, true,  3,  3,  [] },
    };

    [Theory, MemberData(nameof(Arms))]
    public void Follows_the_provider_as_far_as_it_is_believable(
        string sentence, MeterEvent[] events, int run, bool isOpen, double mark, double total, MeterAnomaly[] anomalies)
    {
        var steps = Run(events);

        var last = steps[^1].Next;
        Assert.True((run, isOpen, mark * 1000) == (last.Run, last.IsOpen, last.MarkMs), $"{sentence}: {last}");
        Assert.Equal(total * 1000, Billed(steps));
        Assert.Equal(anomalies, steps.Select(step => step.Anomaly).OfType<MeterAnomaly>());
    }

    [Theory]
    [InlineData(99, 99_000, AheadOfClock)]
    [InlineData(14, 4_000, AfterEnd)]
    public void The_claim_behind_an_anomaly_is_kept_in_milliseconds_of_its_run(double claimed, long kept, MeterAnomaly anomaly)
    {
        MeterEvent[] events = anomaly is AfterEnd
            ? [.. TenEnded, Started(20), Ended(21, 11), Tick(22, claimed)]
            : [.. Ten, Tick(11, claimed)];

        var step = Run(events)[^1];

        Assert.Equal((anomaly, kept), (step.Anomaly, step.ClaimedMs));
    }
}
