using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Grains.Tenants;

namespace Orchestrator.Grains.Processes;

/// <summary>How a process comes and goes. Section <c>Process</c>.</summary>
public sealed class ProcessOptions
{
    /// <summary>How long live sessions get to end in order when the process is asked to stop. Default: 4 seconds, of the 5 that a stop may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")] public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(4);
}

/// <summary>
/// The life of a process that relays sessions: registers it and keeps its loops running; at the end stops taking sessions,
/// ends those it has, writes what is left to write and lets go of the lease, before the web server begins to stop.
/// </summary>
public sealed partial class ProcessRuntime(
    ProcessLease lease,
    TenantDirectory directory,
    SessionRegistry sessions,
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
    IOptions<ProcessOptions> options,
    TimeProvider time,
    ILogger<ProcessRuntime> logger) : IHostedLifecycleService
{
    private readonly List<Periodic> _loops = [];
    private volatile bool _isDraining;

    /// <summary>The process is going away and takes no more sessions.</summary>
    public bool IsDraining => _isDraining;

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
        Loop("end requests", RelaySweep.Interval, sweep.ServeEndRequestsAsync);
        Loop("settlement", TimeSpan.FromSeconds(1), settler.RunAsync);
        Loop("settlement of what was closed", TimeSpan.FromSeconds(1), settlements.RunAsync);
        Loop("reaper", TimeSpan.FromSeconds(1), reaper.RunAsync);
        Loop("freezing of exports", ExportPump.Interval, export.FreezeAsync);
        Loop("export", ExportPump.Interval, export.SendAsync);
        Loop("error reports", ExportPump.Interval, reports.RunAsync);
        Loop("reconciliation", Reconciler.Interval, reconciler.RunDueAsync);
        Loop("retention", Retention.Interval, retention.RunAsync);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isDraining = true;
        var live = sessions.All.ToList();
        LogDraining(live.Count);
        foreach (var relay in live)
            relay.Post(new SessionEvent.CloseRequested(CloseCode.ServerShutdown));

        using var timeout = new CancellationTokenSource(options.Value.DrainTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await Task.WhenAll(live.Select(relay => relay.Completion)).WaitAsync(deadline.Token);
            await journal.DrainAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // What is left is finished by another process once our lease has lapsed.
            LogDrainCutShort(sessions.Count);
            foreach (var relay in sessions.All)
                relay.Cut();
        }

        foreach (var loop in _loops)
            await loop.DisposeAsync();
        flusher.Stop();
        await RetireAsync();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

    private async Task RetireAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), time);
            await lease.RetireAsync(timeout.Token);
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

    [LoggerMessage(1312, LogLevel.Information, "Asked to stop: ending {Sessions} live sessions")]
    private partial void LogDraining(int sessions);

    [LoggerMessage(1313, LogLevel.Warning, "{Sessions} sessions did not end in time and are cut")]
    private partial void LogDrainCutShort(int sessions);

    [LoggerMessage(1314, LogLevel.Information, "Process {Process} has stopped, everything is written")]
    private partial void LogStopped(long process);

    [LoggerMessage(1315, LogLevel.Warning, "The lease could not be given back; it lapses by itself")]
    private partial void LogRetireFailed(Exception exception);
}
