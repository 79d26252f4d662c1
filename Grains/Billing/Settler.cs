using Microsoft.Extensions.Logging;

namespace Orchestrator.Grains.Billing;

/// <summary>Where marks of open runs become ledger ranges.</summary>
public interface ISettlementStore
{
    /// <summary>
    /// Appends to the ledger what each open run was marked since its last range, rows locked in id order, in one transaction.
    /// Runs of another epoch are passed over. Safe to repeat: a range that is there already leaves nothing to append.
    /// </summary>
    /// <returns>Milliseconds appended in all.</returns>
    Task<long> SettleAsync(IReadOnlyList<long> ids, IReadOnlyList<int> epochs, CancellationToken cancellationToken);
}

/// <summary>
/// Step 9: settles long runs each minute, so that the ledger of a live session is never older than that. Closed runs settle
/// with their close.
/// </summary>
public sealed partial class Settler(ISettlementStore store, MarkBook book, BillingMetrics metrics, TimeProvider time, ILogger<Settler> logger)
{
    /// <summary>The longest a mark stays out of the ledger while its run is open.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>The most runs settled in one transaction.</summary>
    public const int BatchSize = 500;

    /// <summary>One turn, due each second: settles the runs whose minute is over.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var batch in book.Open.Where(IsDue).ToList().Chunk(BatchSize))
            await SettleAsync(batch, cancellationToken);
    }

    private bool IsDue(LiveGeneration generation)
    {
        if (generation.SettledAt == 0)
            generation.SettledAt = time.GetTimestamp();
        return generation.Id is not null && generation.DurableMs > generation.SettledMs && time.GetElapsedTime(generation.SettledAt) >= Interval;
    }

    private async Task SettleAsync(LiveGeneration[] batch, CancellationToken cancellationToken)
    {
        try
        {
            await SettleRowsAsync(batch, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && batch.Length > 1)
        {
            // One row spoils the batch. The others settle without it.
            LogBatchFailed(exception, batch.Length);
            foreach (var generation in batch)
                await SettleApartAsync(generation, cancellationToken);
        }
    }

    private async Task SettleApartAsync(LiveGeneration generation, CancellationToken cancellationToken)
    {
        try
        {
            await SettleRowsAsync([generation], cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Its mark is durable; the ledger follows at its next minute or its close.
            LogSettlementFailed(exception, generation.Id, generation.Ownership.Session.ToString());
            generation.SettledAt = time.GetTimestamp();
        }
    }

    private async Task SettleRowsAsync(LiveGeneration[] batch, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var marks = Array.ConvertAll(batch, generation => generation.DurableMs);
        metrics.Settled(await store.SettleAsync(
            Array.ConvertAll(batch, generation => generation.Id!.Value), Array.ConvertAll(batch, generation => generation.Ownership.Epoch), cancellationToken));
        for (var i = 0; i < batch.Length; i++)
            (batch[i].SettledAt, batch[i].SettledMs) = (now, marks[i]);
    }

    [LoggerMessage(1211, LogLevel.Warning, "A settlement of {Runs} runs failed; each is now settled apart")]
    private partial void LogBatchFailed(Exception exception, int runs);

    [LoggerMessage(1212, LogLevel.Error, "Generation {Generation} of session {Session} cannot be settled")]
    private partial void LogSettlementFailed(Exception exception, long? generation, string session);
}
