using Orchestrator.Gateway.Commands;

namespace Orchestrator.Tests.Processes;

public class StopDeadlineTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_still_runs_at_the_deadline_is_ended()
    {
        var ended = new TaskCompletionSource();
        using var deadline = new StopDeadline(TimeProvider.System, ended.SetResult);

        deadline.In(TimeSpan.FromMilliseconds(10));

        await ended.Task.WaitAsync(Bound);
    }

    [Fact]
    public async Task It_only_ever_comes_nearer()
    {
        var ended = new TaskCompletionSource();
        using var deadline = new StopDeadline(TimeProvider.System, ended.SetResult);

        deadline.In(TimeSpan.FromHours(1));
        deadline.In(TimeSpan.FromMilliseconds(10));
        deadline.In(TimeSpan.FromHours(1));

        await ended.Task.WaitAsync(Bound);
    }

    [Fact]
    public void What_stops_by_itself_is_left_alone()
    {
        var ended = false;
        var deadline = new StopDeadline(TimeProvider.System, () => ended = true);
        deadline.In(TimeSpan.FromHours(1));

        deadline.Dispose();

        Assert.False(ended);
    }
}
