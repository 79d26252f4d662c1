using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Interfaces.Billing;

namespace Orchestrator.Grains.Billing;

/// <summary>
/// Step 9: settles long runs each minute, so that the ledger of a live session is never older than that. Runs that are held settle
/// with their hold, closed ones with their close.
/// </summary>
public sealed partial class Settler(Settlements settlements, MarkBook book, BillingMetrics metrics, TimeProvider time, ILogger<Settler> logger)
{
    /// <summary>The longest a mark stays out of the ledger while its run is open.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>One turn, due each second: settles the runs whose minute is over.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(book.Open.Where(IsDue).Select(SettleAsync)).WaitAsync(cancellationToken);

    private bool IsDue(LiveGeneration generation)
    {
        if (generation.SettledAt == 0)
            generation.SettledAt = time.GetTimestamp();
        // The last millisecond is left for the close.
        return generation.Id is not null && generation.DurableMs > generation.SettledMs + 1 && time.GetElapsedTime(generation.SettledAt) >= Interval;
    }

    private async Task SettleAsync(LiveGeneration generation)
    {
        var ownership = generation.Ownership;
        try
        {
            var settled = await settlements.SettleAsync(
                ownership.Root, new SettlementDue(ownership.Session, ownership.Epoch, generation.Run, WantedMs: null, generation.BlindMs));
            if (settled.Status is SettlementStatus.Settled)
                Settled(generation, settled.LedgeredMs, metrics, time);
        }
#pragma warning disable CA1031 // Its mark is durable; the ledger follows at a later turn or its close.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            metrics.SettlementFailed();
            LogSettlementFailed(exception, ownership.Session.ToString());
        }
    }

    /// <summary>Remembers how far the ledger is, so that a run is settled once a minute whoever asked for it.</summary>
    internal static void Settled(LiveGeneration generation, long ledgeredMs, BillingMetrics metrics, TimeProvider time)
    {
        metrics.Settled(Math.Max(0, ledgeredMs - generation.SettledMs));
        (generation.SettledAt, generation.SettledMs) = (time.GetTimestamp(), ledgeredMs);
    }

    [LoggerMessage(1212, LogLevel.Warning, "Session {Session} could not be settled; it is tried again")]
    private partial void LogSettlementFailed(Exception exception, string session);
}
