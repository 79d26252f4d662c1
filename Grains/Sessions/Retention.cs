using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Billing;

namespace Orchestrator.Grains.Sessions;

/// <summary>How long what is not money is kept, and what stands beside it. Section <c>Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>How long the timeline of an ended session is kept, and the session itself where nothing was generated. Default: 90 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")] public TimeSpan Sessions { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long a batch is kept after its sink took it. Default: 400 days; at least as long as sums are compared.</summary>
    [Range(typeof(TimeSpan), "40.00:00:00", "3650.00:00:00")] public TimeSpan Exports { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How long what a sink told us is known. Default: 60 days; at least as long as a sink may say it again.</summary>
    [Range(typeof(TimeSpan), "7.00:00:00", "3650.00:00:00")] public TimeSpan WebhookEvents { get; init; } = TimeSpan.FromDays(60);

    /// <summary>How long it is known who changed what. Default: 400 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")] public TimeSpan Audit { get; init; } = TimeSpan.FromDays(400);
}

/// <summary>Where old rows are deleted.</summary>
public interface IRetentionStore
{
    /// <summary>
    /// Deletes the timelines of up to <paramref name="limit"/> sessions that ended before this long ago, and the sessions
    /// themselves where no generation refers to them. The ledger and what it refers to are never deleted.
    /// </summary>
    /// <returns>How many sessions it was about; fewer than the limit when no more are left, or when another process is at it.</returns>
    Task<int> PruneAsync(TimeSpan age, int limit, CancellationToken cancellationToken);
}

/// <summary>Deletes what is past its time, a little at a time.</summary>
public sealed partial class Retention(IRetentionStore store, IMoneyRetention money, IOptions<RetentionOptions> options, ILogger<Retention> logger)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private const int BatchSize = 500;

    /// <summary>One turn: batch after batch until none is full.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var kept = options.Value;
        if (await AllAsync(() => store.PruneAsync(kept.Sessions, BatchSize, cancellationToken)) is > 0 and var sessions)
            LogPruned(sessions);
        foreach (var (rows, age) in new[] { (SideRows.Exports, kept.Exports), (SideRows.WebhookEvents, kept.WebhookEvents), (SideRows.Audit, kept.Audit) })
        {
            if (await AllAsync(() => money.PruneAsync(rows, age, BatchSize, cancellationToken)) is > 0 and var gone)
                LogForgotten(gone, rows);
        }
    }

    private static async Task<int> AllAsync(Func<Task<int>> prune)
    {
        var pruned = 0;
        int batch;
        do
        {
            batch = await prune();
            pruned += batch;
        }
        while (batch == BatchSize);
        return pruned;
    }

    [LoggerMessage(1161, LogLevel.Information, "Gave up the timelines of {Sessions} old sessions")]
    private partial void LogPruned(int sessions);

    [LoggerMessage(1162, LogLevel.Information, "Deleted {Count} old rows of {Rows}")]
    private partial void LogForgotten(int count, SideRows rows);
}
