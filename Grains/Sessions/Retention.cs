using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Sessions;

/// <summary>How long what is not money is kept. Section <c>Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>How long the timeline of an ended session is kept, and the session itself where nothing was generated. Default: 90 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")] public TimeSpan Sessions { get; init; } = TimeSpan.FromDays(90);
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
public sealed partial class Retention(IRetentionStore store, IOptions<RetentionOptions> options, ILogger<Retention> logger)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private const int BatchSize = 500;

    /// <summary>One turn: batch after batch until none is full.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pruned = 0;
        int batch;
        do
        {
            batch = await store.PruneAsync(options.Value.Sessions, BatchSize, cancellationToken);
            pruned += batch;
        }
        while (batch == BatchSize);

        if (pruned > 0)
            LogPruned(pruned);
    }

    [LoggerMessage(1161, LogLevel.Information, "Gave up the timelines of {Sessions} old sessions")]
    private partial void LogPruned(int sessions);
}
