using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Billing;

/// <summary>This process's way to the billing grains: settlements of live sessions, gathered, and pokes for what was closed.</summary>
public sealed partial class Settlements
{
    /// <summary>The most sessions in one transaction.</summary>
    public const int MaxBatch = 1_000;

    private readonly IGrains _grains;
    private readonly IBillingStore _store;
    private readonly BillingMetrics _metrics;
    private readonly ILogger<Settlements> _logger;
    private readonly Gatherer<SettlementDue, Settlement> _due;
    private readonly Gatherer<bool, bool> _closed;

    /// <summary>Asks the billing grains.</summary>
    public Settlements(IGrains grains, IBillingStore store, BillingMetrics metrics, ILogger<Settlements> logger)
    {
        (_grains, _store, _metrics, _logger) = (grains, store, metrics, logger);
        _due = new(MaxBatch, (root, due) => Grain(root).SettleAsync(due, CancellationToken.None));
        _closed = new(int.MaxValue, SettleClosedAsync);
    }

    /// <summary>Settles a live session and, where it wants more, extends its hold. Fails when nobody can be asked.</summary>
    public Task<Settlement> SettleAsync(TenantId root, SettlementDue due) => _due.AskAsync(root, due);

    /// <summary>Runs or sessions of this tree were closed in the books: what they owe is settled soon. Never fails.</summary>
    public void Closed(TenantId root) => _ = CloseAsync(root);

    /// <summary>Looks for what anybody closed and nobody settled: whoever did it may be gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var root in await _store.FindUnsettledAsync(cancellationToken))
            await CloseAsync(root).WaitAsync(cancellationToken);
    }

    private async Task CloseAsync(TenantId root)
    {
        try
        {
            await _closed.AskAsync(root, item: true);
        }
#pragma warning disable CA1031 // What is not settled now is found again by the next look.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _metrics.SettlementFailed();
            LogSettlementFailed(exception, root);
        }
    }

    private async Task<IReadOnlyList<bool>> SettleClosedAsync(TenantId root, IReadOnlyList<bool> pokes)
    {
        while (await Grain(root).SettleClosedAsync(CancellationToken.None) >= BillingGrain.ClosedBatch)
        {
            // A full batch: more may be left.
        }

        return pokes;
    }

    private IBillingGrain Grain(TenantId root) => _grains.Get<IBillingGrain>(root.ToString());

    [LoggerMessage(1231, LogLevel.Warning, "What was closed in tree {Root} could not be settled; it is tried again in a second")]
    private partial void LogSettlementFailed(Exception exception, TenantId root);
}
