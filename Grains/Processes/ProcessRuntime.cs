using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// The life of a process that relays sessions: registers it and keeps its loops running; at the end, once it is drained, writes
/// what is left to write and lets go of the lease, before the web server begins to stop. What hangs then is left behind.
/// </summary>
public sealed partial class ProcessRuntime(
    ProcessLease lease,
    TenantDirectory directory,
    Drain drain,
    IsolationWatch isolation,
    SessionJournal journal,
    MarkFlusher flusher,
    Settler settler,
    Settlements settlements,
    Reaper reaper,
    RelaySweep sweep,
    Retention retention,
    ExportPump export,
    ErrorReports reports,
    Reconciler reconciler,
    IEnumerable<ILingeringUpstreams> lingering,
    TimeProvider time,
    ILogger<ProcessRuntime> logger) : IHostedLifecycleService
{
    /// <summary>What the last writes get at least, however late it is.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly List<Periodic> _loops = [];

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await directory.RefreshAsync(cancellationToken);
        await lease.RegisterAsync(cancellationToken);
        LogStarted(lease.Name, lease.Process);
        flusher.Start();

        Loop("tenant directory", TenantDirectory.RefreshInterval, async token =>
        {
            await directory.RefreshAsync(token);
            sweep.EnforceDirectory();
        });
        Loop("limits of sessions", RelaySweep.Interval, _ =>
        {
            sweep.CheckLimits();
            return Task.CompletedTask;
        });
        Loop("watch for isolation", IsolationWatch.Interval, isolation.LookAsync);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await drain.RunAsync(cancellationToken);

        // What goes on without us must not: nobody looks for the calls of a session that has ended.
        await WithinAsync("hang-up of calls", Task.WhenAll(lingering.Select(upstreams => upstreams.WhenEndedAsync())));
        // The lease lapses by itself and others finish what was not written, so nothing here is worth more than its time.
        await WithinAsync("journal", journal.DrainAsync(CancellationToken.None));
        await WithinAsync("loops", Task.WhenAll(_loops.Select(loop => loop.DisposeAsync().AsTask())));
        if (!flusher.Stop(Left))
            LogLeftBehind(exception: null, "flush");
        await RetireAsync();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        // What asks grains begins once their host has.
        Loop("end requests", RelaySweep.Interval, sweep.ServeEndRequestsAsync);
        Loop("settlement", TimeSpan.FromSeconds(1), settler.RunAsync);
        Loop("settlement of what was closed", TimeSpan.FromSeconds(1), settlements.RunAsync);
        Loop("reaper", TimeSpan.FromSeconds(1), reaper.RunAsync);
        Loop("freezing of exports", ExportPump.Interval, export.FreezeAsync);
        Loop("export", ExportPump.Interval, export.SendAsync);
        Loop("error reports", ExportPump.Interval, reports.RunAsync);
        Loop("reconciliation", Reconciler.Interval, reconciler.RunDueAsync);
        Loop("retention", Retention.Interval, retention.RunAsync);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Loop(string name, TimeSpan interval, Func<CancellationToken, Task> run)
    {
        var loop = new Periodic(name, interval, run, time, logger);
        _loops.Add(loop);
        loop.Start();
    }

    private TimeSpan Left => drain.Left > Moment ? drain.Left : Moment;

    private async Task WithinAsync(string what, Task work)
    {
        try
        {
            await work.WaitAsync(Left, time);
        }
#pragma warning disable CA1031 // Nor is anything here worth more than an orderly stop of the rest.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogLeftBehind(exception is TimeoutException ? null : exception, what);
        }
    }

    private async Task RetireAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(200), time);
            await lease.RetireAsync(timeout.Token).WaitAsync(timeout.Token);
            LogStopped(lease.Process);
        }
#pragma warning disable CA1031 // Nobody waits for it: the lease lapses by itself.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogRetireFailed(exception);
        }
    }

    [LoggerMessage(1311, LogLevel.Information, "{Name} runs as process {Process}")]
    private partial void LogStarted(string name, long process);

    [LoggerMessage(1313, LogLevel.Warning, "The {What} did not come to an end in time and is left behind")]
    private partial void LogLeftBehind(Exception? exception, string what);

    [LoggerMessage(1314, LogLevel.Information, "Process {Process} has given its lease back")]
    private partial void LogStopped(long process);

    [LoggerMessage(1315, LogLevel.Warning, "The lease could not be given back; it lapses by itself")]
    private partial void LogRetireFailed(Exception exception);
}
