namespace Orchestrator.Grains.Billing;

/// <summary>Rows beside money that are forgotten after a time. The ledger, wallets, their entries and what they refer to are kept.</summary>
public enum SideRows
{
    /// <summary>Batches that a sink has, and what went out in them. One with a correction is kept: it is all that says so.</summary>
    Exports,
    /// <summary>What sinks told us and was acted on.</summary>
    WebhookEvents,
    /// <summary>Who changed what.</summary>
    Audit,
}

/// <summary>Where they are deleted.</summary>
public interface IMoneyRetention
{
    /// <summary>Deletes up to <paramref name="limit"/> of them that were over this long ago.</summary>
    /// <returns>How many; fewer than the limit when no more are left, or when another process is at it.</returns>
    Task<int> PruneAsync(SideRows rows, TimeSpan age, int limit, CancellationToken cancellationToken);
}
