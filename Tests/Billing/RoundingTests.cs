using Orchestrator.Domain.Billing;
using static Orchestrator.Domain.Billing.RoundingMode;

namespace Orchestrator.Tests.Billing;

public class RoundingTests
{
    public static TheoryData<RoundingMode, int, int, long, long, long> Table => new()
    {
        // mode step least milliseconds           open               closed
        { Ceil,  1,  0,  0,                       0,                 0 },
        { Ceil,  1,  0,  1,                       0,                 1 },
        { Ceil,  1,  0,  999,                     0,                 1 },
        { Ceil,  1,  0,  1_000,                   1,                 1 },
        { Ceil,  1,  0,  1_001,                   1,                 2 },
        { Ceil,  1,  0,  59_999,                  59,                60 },
        { Ceil,  30, 0,  1,                       0,                 30 },
        { Ceil,  30, 0,  29_999,                  0,                 30 },
        { Ceil,  30, 0,  30_000,                  30,                30 },
        { Ceil,  30, 0,  30_001,                  30,                60 },
        { Ceil,  1,  10, 0,                       0,                 0 },
        { Ceil,  1,  10, 1,                       0,                 10 },
        { Ceil,  1,  10, 9_001,                   9,                 10 },
        { Ceil,  1,  10, 10_001,                  10,                11 },
        { Ceil,  30, 10, 1,                       0,                 30 },
        { Ceil,  30, 45, 30_001,                  30,                60 },
        { Ceil,  30, 45, 30_000,                  30,                45 },
        { Floor, 1,  0,  999,                     0,                 0 },
        { Floor, 1,  0,  1_000,                   1,                 1 },
        { Floor, 1,  0,  1_999,                   1,                 1 },
        { Floor, 30, 0,  59_999,                  30,                30 },
        { Floor, 1,  10, 1,                       0,                 10 },
        { Floor, 1,  10, 11_999,                  11,                11 },
        { Ceil,  1,  0,  Seconds.MaxMilliseconds, 9_007_199_254_740, 9_007_199_254_741 },
    };

    [Theory, MemberData(nameof(Table))]
    public void Full_steps_count_while_open_and_the_last_step_when_closed(
        RoundingMode mode, int step, int minimum, long milliseconds, long open, long closed)
    {
        var rounding = new Rounding(mode, step, minimum);

        Assert.Equal((open, closed), (rounding.Units(milliseconds, closed: false), rounding.Units(milliseconds, closed: true)));
    }

    [Fact]
    public void By_default_a_generation_is_billed_up_to_the_next_whole_second() =>
        Assert.Equal(new Rounding(Ceil, StepSeconds: 1, MinimumSeconds: 0), Rounding.Default);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-30, 0)]
    [InlineData(1, -1)]
    public void A_rounding_that_means_nothing_cannot_be_made(int step, int minimum) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rounding(Ceil, step, minimum));

    [Fact]
    public void Time_that_runs_backwards_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Rounding.Default.Units(-1, closed: false));
}
