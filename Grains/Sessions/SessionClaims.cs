using System.Data.Common;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Processes;

namespace Orchestrator.Grains.Sessions;

/// <summary>
/// Claims of the whole process, in batches: one transaction is under way at a time and takes what gathered meanwhile, so
/// that a thousand sessions a second cost some tens of commits.
/// </summary>
public sealed partial class SessionClaims(ISessionClaimStore store, ProcessLease lease, TimeProvider time, ILogger<SessionClaims> logger)
{
    /// <summary>The most claims in one transaction.</summary>
    public const int MaxBatch = 200;

    /// <summary>How long the transaction may take; afterwards its outcome is unknown.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(4);

    /// <summary>The class of SQL states that say that a value cannot be stored.</summary>
    private const string DataException = "22";

    private readonly Lock _gate = new();
    private List<Waiting> _waiting = [];
    private bool _running;

    /// <summary>Claims one session.</summary>
    /// <returns>Why it was refused, or null. <see cref="CloseCode.StorageUnavailable"/> leaves open whether there is a row.</returns>
    public Task<CloseCode?> ClaimAsync(SessionClaim claim)
    {
        var waiting = new Waiting(claim);
        lock (_gate)
        {
            _waiting.Add(waiting);
            if (_running)
                return waiting.Answer.Task;
            _running = true;
        }

        _ = Background.RunAsync(ClaimAllAsync);
        return waiting.Answer.Task;
    }

    private async Task ClaimAllAsync()
    {
        while (TryTake(out var batch))
        {
            var answers = await ClaimAsync(batch.ConvertAll(waiting => waiting.Claim));
            for (var i = 0; i < batch.Count; i++)
                batch[i].Answer.TrySetResult(answers[i]);
        }
    }

    private bool TryTake(out List<Waiting> batch)
    {
        lock (_gate)
        {
            batch = _waiting;
            if (batch.Count == 0)
                return _running = false;

            _waiting = [.. batch.Skip(MaxBatch)];
            batch.RemoveRange(Math.Min(MaxBatch, batch.Count), Math.Max(0, batch.Count - MaxBatch));
            return true;
        }
    }

    private async Task<IReadOnlyList<CloseCode?>> ClaimAsync(List<SessionClaim> batch)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, time);
            return await store.ClaimAsync(lease.Process, batch, timeout.Token);
        }
        catch (DbException exception) when (batch.Count > 1 && exception.SqlState is { } state && state.StartsWith(DataException, StringComparison.Ordinal))
        {
            // The database was reached and dislikes what one of them says. Each alone, so that nobody pays for another.
            var answers = new List<CloseCode?>();
            foreach (var claim in batch)
                answers.AddRange(await ClaimAsync([claim]));
            return answers;
        }
#pragma warning disable CA1031 // Whatever keeps sessions from being recorded keeps them from being opened.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogClaimFailed(exception, batch.Count);
            return [.. batch.Select(_ => (CloseCode?)CloseCode.StorageUnavailable)];
        }
    }

    private sealed record Waiting(SessionClaim Claim)
    {
        public TaskCompletionSource<CloseCode?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(1151, LogLevel.Error, "{Sessions} sessions could not be claimed and are refused")]
    private partial void LogClaimFailed(Exception exception, int sessions);
}
