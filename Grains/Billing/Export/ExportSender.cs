using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>
/// Step 9: sends frozen batches, each lane in its order and one at a time. That an attempt is made is written before it is made,
/// and what came of it counts only while the lane is still held; so of two processes that both believe they hold a lane one
/// writes, and the identifier keeps what both may have sent from counting twice.
/// </summary>
public sealed partial class ExportSender(
    IExportLanes lanes, UsageSinks sinks, ISecretBox secrets, ProcessLease process, IOptions<ExportOptions> options, ExportMetrics metrics, TimeProvider time,
    ILogger<ExportSender> logger)
{
    /// <summary>How many batches a lane sends before others get their turn.</summary>
    private const int MaxPerTurn = 50;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly TokenBucket _bucket = new(options.Value.RequestsPerSecond, time);

    /// <summary>Full jitter needs no secrecy.</summary>
    internal Random Random { get; init; } = Random.Shared;

    /// <summary>
    /// One turn: lanes are taken and emptied until none is due and none is busy. A lane that waits for its sink keeps its place,
    /// and the others go on beside it.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var busy = new List<Task>();
        while (true)
        {
            var free = options.Value.Parallel - busy.Count;
            if (free > 0)
            {
                foreach (var lane in await lanes.TakeAsync(process.Process, free, options.Value.LaneLease, cancellationToken))
                    busy.Add(Background.RunAsync(() => DrainAsync(lane, cancellationToken)));
            }

            if (busy.Count == 0)
                return;
            await AnyOrLookAsync(busy, cancellationToken);
            busy.RemoveAll(lane => lane.IsCompleted);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task AnyOrLookAsync(List<Task> busy, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny([.. busy, Task.Delay(Look, time, enough.Token)]);
        await enough.CancelAsync();
    }

    private async Task DrainAsync(HeldLane lane, CancellationToken cancellationToken)
    {
        try
        {
            for (var sent = 0; sent < MaxPerTurn; sent++)
            {
                if (!await NextAsync(lane, cancellationToken))
                    return;
            }

            await lanes.ReleaseAsync(lane, TimeSpan.Zero, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop. What was under way may have arrived; whoever takes the lane after its lease repeats it.
        }
#pragma warning disable CA1031 // One lane's trouble is its own; its lease lapses and it is tried again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogLaneFailed(exception, lane.Id);
        }
    }

    /// <summary>One batch; false when the lane is done with for now.</summary>
    private async Task<bool> NextAsync(HeldLane lane, CancellationToken cancellationToken)
    {
        var sink = sinks[lane.Kind];
        if (await lanes.PeekAsync(lane, cancellationToken) is not { } head)
        {
            await lanes.ReleaseAsync(lane, TimeSpan.Zero, cancellationToken);
            return false;
        }

        if (ExportMachine.Before(head.Attempt, sink.MaxAge) is { } refusal)
            return await FinishAsync(lane, head, refusal, cancellationToken);

        if (_bucket.Take(lane.Account) is { Ticks: > 0 } wait)
        {
            await lanes.ReleaseAsync(lane, wait, cancellationToken);
            return false;
        }

        var begun = time.GetTimestamp();
        if (!await lanes.BeginAsync(lane, head, options.Value.LaneLease, cancellationToken))
            return false;

        var state = head.Attempt.State is ExportState.Cancelling ? ExportState.Cancelling : ExportState.Sending;
        var attempted = head with { Attempt = head.Attempt with { State = state, Attempts = head.Attempt.Attempts + 1 } };
        var outcome = await AttemptAsync(sink, attempted, begun, cancellationToken);
        return await FinishAsync(lane, attempted, ExportMachine.After(attempted.Attempt, outcome, Random.NextDouble()), cancellationToken);
    }

    private async Task<SendOutcome> AttemptAsync(IUsageSink sink, LaneHead head, long begun, CancellationToken cancellationToken)
    {
        var usage = head.Usage;
        if (!SHA256.HashData(Encoding.UTF8.GetBytes(usage.Body)).AsSpan().SequenceEqual(usage.Sha256.Span))
            return new SendOutcome.Rejected("the body is not the one that was frozen");
        if (head.ProtectedCredential is { } stored)
        {
            if (secrets.Unprotect(stored) is not { } credential)
                return NotSent("the credential cannot be opened");
            usage = usage with { Address = usage.Address with { Credential = credential } };
        }

        // Held up for so long that the answer might come after the lease: another may take the lane by then.
        if (time.GetElapsedTime(begun) + options.Value.RequestTimeout > options.Value.LaneLease)
            return NotSent("held up before it was sent");
        using var timeout = new CancellationTokenSource(options.Value.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        return await CallAsync(sink, head.Attempt.State, usage, either.Token, cancellationToken);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a sink throws, the attempt was made and its outcome is unknown.")]
    private async Task<SendOutcome> CallAsync(IUsageSink sink, ExportState state, FrozenUsage usage, CancellationToken either, CancellationToken stop)
    {
        try
        {
            return state is ExportState.Cancelling ? await sink.CancelAsync(usage, either) : await sink.SendAsync(usage, either);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SendOutcome.Retry(After: null, IsUnknown: true, NewKey: false, "no answer in time");
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            LogSinkThrew(sink.Kind, exception.GetType().Name);
            return new SendOutcome.Retry(After: null, IsUnknown: true, NewKey: false, exception.GetType().Name);
        }
    }

    /// <summary>Writes what became of it; false when the lane is done with for now.</summary>
    private async Task<bool> FinishAsync(HeldLane lane, LaneHead head, ExportStep step, CancellationToken cancellationToken)
    {
        if (!await lanes.FinishAsync(lane, head, step, cancellationToken))
        {
            LogLaneLost(lane.Id, head.Usage.Identifier);
            return false;
        }

        switch (step.Next)
        {
            case ExportState.Sent:
                metrics.Sent(lane.Kind, step.IsDuplicate);
                break;
            case ExportState.Rejected:
                metrics.Rejected(lane.Kind);
                LogRejected(head.Usage.Identifier, head.Target, step.Error);
                break;
            case ExportState.Uncertain:
                metrics.Uncertain(lane.Kind);
                LogUncertain(head.Usage.Identifier, head.Target);
                break;
            case ExportState.Pending or ExportState.Cancelling:
                metrics.Retried(lane.Kind);
                return false;
        }

        return true;
    }

    private static SendOutcome.Retry NotSent(string cause) => new(After: null, IsUnknown: false, NewKey: false, cause);

    [LoggerMessage(1222, LogLevel.Error, "The sink refused batch {Identifier} of export target {Target} for good: {Reason}")]
    private partial void LogRejected(string identifier, Guid target, string? reason);

    [LoggerMessage(1223, LogLevel.Error, "Nobody knows whether the sink has batch {Identifier} of export target {Target}; it is left to reconciliation")]
    private partial void LogUncertain(string identifier, Guid target);

    [LoggerMessage(1224, LogLevel.Warning, "Export lane {Lane} was lost while batch {Identifier} was under way; its next holder repeats it")]
    private partial void LogLaneLost(long lane, string identifier);

    [LoggerMessage(1225, LogLevel.Warning, "Export lane {Lane} failed and is tried again after its lease")]
    private partial void LogLaneFailed(Exception exception, long lane);

    [LoggerMessage(1226, LogLevel.Error, "A sink of the kind {Sink} broke its promise not to throw: {Error}")]
    private partial void LogSinkThrew(SinkKind sink, string error);
}
