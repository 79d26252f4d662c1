using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>Posts a grain's timer turns as calls; the next is due only after the last one ended, so they never pile up.</summary>
internal sealed partial class GrainTimer : IDisposable
{
    private readonly Activation _activation;
    private readonly InProcessGrains _host;
    private readonly Func<CancellationToken, Task> _turn;
    private readonly TimeSpan _period;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;

    public GrainTimer(Activation activation, InProcessGrains host, Func<CancellationToken, Task> turn, TimeSpan due, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);

        (_activation, _host, _turn, _period) = (activation, host, turn, period);
        using (ExecutionContext.SuppressFlow())
            _timer = host.Time.CreateTimer(static timer => ((GrainTimer)timer!).Post(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Armed apart: the first tick may come at once, and needs the field.
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it was disposed, by the grain or with it.</summary>
    public bool IsStopped => _stop.IsCancellationRequested;

    public void Dispose()
    {
        // The token last: what hangs on it may throw, and must find the timer silent.
        _timer.Dispose();
        _stop.Cancel();
    }

    private void Post() => _activation.TryPost(new Tick(this));

    [LoggerMessage(1003, LogLevel.Error, "A timer turn of grain {Key} failed")]
    private static partial void LogTurnFailed(ILogger logger, Exception exception, string key);

    /// <summary>One turn of the timer.</summary>
    internal sealed class Tick(GrainTimer timer) : MailboxItem
    {
        public bool IsStopped => timer.IsStopped;

        public override async Task RunAsync(object target)
        {
            try
            {
                await timer._turn(timer._stop.Token);
            }
#pragma warning disable CA1031 // A timer has no caller that could be told; the log is.
            catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
            {
                LogTurnFailed(timer._host.Logger, exception, timer._activation.Key);
            }
            catch (OperationCanceledException)
            {
                // The grain ends.
            }

            if (!IsStopped)
                timer._timer.Change(timer._period, Timeout.InfiniteTimeSpan);
        }

        public override void Fail(Exception exception) => timer.Dispose();
    }
}
