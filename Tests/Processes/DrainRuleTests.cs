using Orchestrator.Domain.Processes;

namespace Orchestrator.Tests.Processes;

public class DrainRuleTests
{
    /// <summary>Seconds that sessions live from now at most, the seconds left, and what is to be expected: live, in time, late, open, latest.</summary>
    public static TheoryData<int?[], int, (int, int, int, int, int?)> Forecasts => new()
    {
        { [],                     60, (0, 0, 0, 0, null) },
        { [10],                   60, (1, 1, 0, 0, 10) },
        { [60],                   60, (1, 1, 0, 0, 60) },
        { [61],                   60, (1, 0, 1, 0, 61) },
        { [null],                 60, (1, 0, 0, 1, null) },
        { [0, 59, 600, null, 5],  60, (5, 3, 1, 1, 600) },
        { [0, 30],                 0, (2, 1, 1, 0, 30) },
    };

    /// <summary>Seconds: the limit, ready for, waited for, the bound on waiting, and how long it lives at most.</summary>
    public static TheoryData<int?, int?, int, int, int?> Ends => new()
    {
        { null,  5,    10, 900, null },
        { null,  null, 10, 900, null },
        { 300,   0,    10, 900, 300 },
        { 300,   100, 500, 900, 200 },
        { 300,   301, 500, 900, 0 },
        { 300,   null,  0, 900, 1_200 },
        { 300,   null, 800, 900, 400 },
        { 300,   null, 901, 900, 300 },
    };

    [Theory, MemberData(nameof(Forecasts))]
    public void Who_ends_by_itself_and_when_is_told_from_the_ends_that_are_known(int?[] ends, int left, (int Live, int InTime, int Late, int Open, int? Latest) expected)
    {
        var forecast = DrainRule.Forecast([.. ends.Select(Seconds)], TimeSpan.FromSeconds(left));

        Assert.Equal(new DrainForecast(expected.Live, expected.InTime, expected.Late, expected.Open, Seconds(expected.Latest)), forecast);
    }

    [Theory, MemberData(nameof(Ends))]
    public void Only_what_must_end_a_session_counts(int? maxDuration, int? readyFor, int waitedFor, int waitTimeout, int? longest)
    {
        var left = DrainRule.LongestLeft(Seconds(maxDuration), Seconds(readyFor), TimeSpan.FromSeconds(waitedFor), TimeSpan.FromSeconds(waitTimeout));

        Assert.Equal(Seconds(longest), left);
    }

    private static TimeSpan? Seconds(int? seconds) => seconds is { } known ? TimeSpan.FromSeconds(known) : null;
}
