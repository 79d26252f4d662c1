using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Processes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// How sessions leave a process that is asked to stop: from that moment none begins; those that live are left alone for
/// <see cref="ProcessOptions.DrainGrace"/>, while it is printed what to expect; the rest is ended with a code that invites
/// return, within <see cref="ProcessOptions.DrainTimeout"/>; what is left then is cut. Being asked again shortens it, step by step.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The sources hold nothing that needs disposing, and a signal may still come when the rest of the process is gone.")]
public sealed partial class Drain(
    SessionRegistry sessions, IEnumerable<IAttachedClients> clients, IOptions<ProcessOptions> options, TimeProvider time, ILogger<Drain> logger)
{
    /// <summary>How often the forecast is printed while sessions are left alone.</summary>
    public static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<IAttachedClients> _clients = [.. clients];
    private readonly CancellationTokenSource _graceOver = new();
    private readonly CancellationTokenSource _patienceOver = new();
    private readonly TaskCompletionSource _graceEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private Task? _run;
    private long _beganAt;
    private long _endingAt;
    private int _asked;

    /// <summary>The process is going away and takes no more sessions.</summary>
    public bool IsDraining => sessions.IsClosed;

    /// <summary>Done when the grace is over, or none is left who needs it.</summary>
    public Task GraceOver => _graceEnded.Task;

    /// <summary>How many sessions have their relay here.</summary>
    public int Sessions => sessions.Count;

    /// <summary>How many clients are attached here whose relays are elsewhere.</summary>
    public int Clients => _clients.Sum(client => client.Count);

    /// <summary>When sessions will be left alone no longer; null while nobody asked the process to stop.</summary>
    public DateTimeOffset? EndsAt => Volatile.Read(ref _beganAt) == 0 ? null : time.GetUtcNow() + GraceLeft;

    private TimeSpan GraceLeft => options.Value.DrainGrace - time.GetElapsedTime(Volatile.Read(ref _beganAt));

    /// <summary>How much of the time that a stop may take is left once sessions are being ended.</summary>
    public TimeSpan Left => options.Value.DrainTimeout + (options.Value.StopTimeout / 2) - time.GetElapsedTime(Volatile.Read(ref _endingAt));

    /// <summary>What is to be expected of those that are here until then.</summary>
    public DrainForecast Forecast(TimeSpan left) => DrainRule.Forecast(
        [.. sessions.All.Select(relay => relay.LongestLeft), .. Enumerable.Repeat<TimeSpan?>(null, Clients)], left);

    /// <summary>No session begins here from now on; the stop is about to follow. Safe to repeat.</summary>
    public void Begin() => sessions.Close();

    /// <summary>Somebody asked once more: first the grace is over, then the patience with those who are ending.</summary>
    public void Hasten()
    {
        if (Interlocked.Increment(ref _asked) == 1)
            _graceOver.Cancel();
        else
            _patienceOver.Cancel();
    }

    /// <summary>Done when no session is here any more, or none that could be waited for. Never fails. Repeating it waits for the same.</summary>
    /// <param name="cancellationToken">The host's patience, which ends all of it at once.</param>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return _run ??= Background.RunAsync(() => DrainAsync(cancellationToken));
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        Begin();
        Volatile.Write(ref _beganAt, time.GetTimestamp());
        try
        {
            await LeaveAloneAsync(cancellationToken);
            BeginEnding();
            await EndAllAsync(cancellationToken);
        }
#pragma warning disable CA1031 // Whatever fails here, the process still has to stop in order.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (exception is not OperationCanceledException)
                LogFailed(exception);
            if (_endingAt == 0)
                BeginEnding();
            // What is left is finished by another process once our lease has lapsed.
            LogCutShort(Sessions, Clients);
            foreach (var relay in sessions.All)
                relay.Cut();
        }
    }

    private void BeginEnding()
    {
        Volatile.Write(ref _endingAt, time.GetTimestamp());
        _graceEnded.TrySetResult();
    }

    private async Task LeaveAloneAsync(CancellationToken cancellationToken)
    {
        var grace = options.Value.DrainGrace;
        if (grace == TimeSpan.Zero || _graceOver.IsCancellationRequested)
            return;

        using var timeout = new CancellationTokenSource(grace, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _graceOver.Token, cancellationToken);
        var gone = AllGoneAsync(over.Token);
        while (!gone.IsCompleted)
        {
            Report(GraceLeft);
            // The next report is due, the grace is over, or nobody is left.
            await Task.WhenAny(gone, Task.Delay(ReportInterval, time, over.Token));
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task EndAllAsync(CancellationToken cancellationToken)
    {
        LogEnding(Sessions, Clients);
        using var timeout = new CancellationTokenSource(options.Value.DrainTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _patienceOver.Token, cancellationToken);
        // Again, for those who were being let in when it began: their grains refuse them, or have claimed them by now.
        while (Sessions + Clients > 0)
        {
            foreach (var relay in sessions.All)
                relay.Post(new SessionEvent.CloseRequested(CloseCode.ServerShutdown));
            await WhenAllAsync(_clients.Select(attached => attached.EndAllAsync(CloseCode.ServerShutdown, over.Token))).WaitAsync(over.Token);
        }
    }

    private async Task AllGoneAsync(CancellationToken cancellationToken)
    {
        while (Sessions + Clients > 0)
            await WhenAllAsync(_clients.Select(attached => attached.WhenNoneAsync(cancellationToken))).WaitAsync(cancellationToken);
    }

    /// <summary>Done when the relays that are here now are, and those too.</summary>
    private Task WhenAllAsync(IEnumerable<Task> clients) => Task.WhenAll([.. sessions.All.Select(relay => relay.Completion), .. clients]);

    private void Report(TimeSpan left)
    {
        var now = time.GetUtcNow();
        var forecast = Forecast(left);
        LogForecast(
            forecast.Live, Clients, now + left, forecast.InTime, forecast.Late, forecast.Open,
            forecast.Latest is { } latest ? (now + latest).ToString("u") : "unknown");
    }

    [LoggerMessage(1321, LogLevel.Information,
        "Draining until {Deadline:u}: {Live} sessions live, {Clients} of them relayed elsewhere; by their own limits {InTime} end in time and {Late} later, "
        + "{Open} have no known end; the latest known end is {Latest}")]
    private partial void LogForecast(int live, int clients, DateTimeOffset deadline, int inTime, int late, int open, string latest);

    [LoggerMessage(1322, LogLevel.Information, "Asked to stop: ending {Sessions} live sessions and {Clients} clients of sessions elsewhere")]
    private partial void LogEnding(int sessions, int clients);

    [LoggerMessage(1323, LogLevel.Warning, "{Sessions} sessions and {Clients} clients did not end in time and are cut")]
    private partial void LogCutShort(int sessions, int clients);

    [LoggerMessage(1324, LogLevel.Error, "The drain failed")]
    private partial void LogFailed(Exception exception);
}
