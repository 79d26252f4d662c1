using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>What a run is asked for.</summary>
/// <param name="Cause">What wants it.</param>
public sealed record ReconciliationOrder(ReconciliationCause Cause)
{
    /// <summary>The wish that it fulfils.</summary>
    public ReconciliationRequest? Request { get; init; }

    /// <summary>A provider's invoice to be compared too.</summary>
    public IReadOnlyList<InvoicedSession>? Invoice { get; init; }

    /// <summary>How far a run of the provider's may be from ours by its rounding alone.</summary>
    public TimeSpan Tolerance { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Who wants corrections; null for none, and then nothing is written but the run itself, by the schedule.</summary>
    public CorrectionOrder? Correction { get; init; }
}

/// <summary>
/// Step 9: ledger, provider, acknowledgements and sinks' own counts beside each other. Every second that they do not agree on
/// is a finding with its sessions and a reason. It changes nothing unless a person orders corrections by name and reason.
/// </summary>
public sealed partial class Reconciler(
    IReconciliationStore store, MeterReconciler meters, Corrector corrector, IOptions<ReconciliationOptions> options, ReconciliationMetrics metrics,
    ILogger<Reconciler> logger)
{
    /// <summary>How often each process looks whether one is due.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private const int MaxSources = 20;
    private const int InvoiceBatch = 5_000;

    /// <summary>One run; null when another is under way on this database.</summary>
    public async Task<ReconciliationReport?> RunAsync(ReconciliationOrder order, CancellationToken cancellationToken)
    {
        await using var turn = await store.TryLockAsync(cancellationToken);
        return turn is null ? null : await RunLockedAsync(order, cancellationToken);
    }

    /// <summary>What is due by the schedule and by wish. Every process asks; one does it.</summary>
    public async Task RunDueAsync(CancellationToken cancellationToken)
    {
        var requests = await store.RequestsAsync(options.Value.Lag, cancellationToken);
        if (requests.Count == 0 && !await IsDueAsync(cancellationToken))
            return;
        await using var turn = await store.TryLockAsync(cancellationToken);
        if (turn is null)
            return;

        // Another process may have done it since.
        foreach (var request in await store.RequestsAsync(options.Value.Lag, cancellationToken))
            await RunLockedAsync(new ReconciliationOrder(ReconciliationCause.Request) { Request = request }, cancellationToken);
        if (await IsDueAsync(cancellationToken))
            await RunLockedAsync(new ReconciliationOrder(ReconciliationCause.Scheduled), cancellationToken);
    }

    private async Task<bool> IsDueAsync(CancellationToken cancellationToken) => ReconciliationSchedule.IsDue(
        await store.NowAsync(cancellationToken), await store.LastAsync(ReconciliationCause.Scheduled, cancellationToken), options.Value.Interval, options.Value.NotBefore);

    private async Task<ReconciliationReport> RunLockedAsync(ReconciliationOrder order, CancellationToken cancellationToken)
    {
        var now = await store.NowAsync(cancellationToken);
        var whole = ReconciliationRange.At(now, options.Value.Lag);
        var range = order.Request is { } wish ? whole.Within(wish.From, wish.To) : whole;
        var own = await store.ContradictionsAsync(range, cancellationToken);
        var counted = await meters.CompareAsync(range, order.Request?.Account, order.Request?.MeterId, cancellationToken);
        var (invoice, drift, invoiceCorrected) = await InvoiceAsync(order, cancellationToken);

        var findings = own.Select(finding => Proven(finding, counted.Proofs)).Concat(counted.Findings).Concat(invoice).ToList();
        var report = new ReconciliationReport(now, range, await NamedAsync(findings, cancellationToken), await store.DriftAsync(range, cancellationToken))
        {
            Invoice = drift, Counted = counted.Counted, Uncounted = counted.Uncounted, Reads = counted.Reads, Corrected = counted.Corrected + invoiceCorrected,
        };
        if (order.Correction is { } correction)
            report = report with { Corrections = await corrector.CorrectAsync(report.Findings, counted.Targets, correction, cancellationToken) };
        // A person who only looks leaves no trace.
        if (order.Cause is not ReconciliationCause.Command || order.Correction is not null)
            await store.SaveAsync(report, order.Cause, order.Correction, order.Request?.Id, cancellationToken);
        Tell(report);
        return report;
    }

    private async Task<(IReadOnlyList<Finding> Findings, IReadOnlyList<ProviderDrift> Drift, int Corrected)> InvoiceAsync(
        ReconciliationOrder order, CancellationToken cancellationToken)
    {
        if (order.Invoice is not { Count: > 0 } invoice)
            return ([], [], 0);
        var recorded = new List<RecordedSession>();
        foreach (var some in invoice.Select(line => line.UpstreamSession).Distinct(StringComparer.Ordinal).Chunk(InvoiceBatch))
            recorded.AddRange(await store.RecordedAsync(some, cancellationToken));
        var (findings, drift) = InvoiceComparison.Of(invoice, recorded, order.Tolerance);
        var known = await store.CorrectedAsync([.. findings.Where(finding => finding.Key is not null).Select(finding => finding.Key!)], cancellationToken);
        return ([.. findings.Where(finding => finding.Key is null || !known.Contains(finding.Key))], drift, known.Count);
    }

    private static Finding Proven(Finding finding, IReadOnlyDictionary<Guid, SinkProof> proofs)
    {
        if (finding.Kind is not FindingKind.Uncertain || !proofs.TryGetValue(finding.Events.Single(), out var proof))
            return finding;
        return finding with
        {
            Proof = proof,
            Reason = proof is SinkProof.Present
                ? $"{finding.Reason}; the sink counts it: it may be marked as sent"
                : $"{finding.Reason}; the sink does not count it: it may be issued anew",
        };
    }

    /// <summary>Adds the sessions behind batches.</summary>
    private async Task<IReadOnlyList<Finding>> NamedAsync(IReadOnlyList<Finding> findings, CancellationToken cancellationToken)
    {
        var batches = findings.SelectMany(finding => finding.Events).Distinct().ToList();
        if (batches.Count == 0)
            return findings;
        var sources = await store.SourcesAsync(batches, MaxSources, cancellationToken);
        return [.. findings.Select(finding => finding.Events.Any()
            ? finding with { Sources = [.. finding.Sources.SelectMany(source => source.Event is { } batch && sources[batch].Any() ? sources[batch] : [source])] }
            : finding)];
    }

    private void Tell(ReconciliationReport report)
    {
        metrics.Reconciled(report);
        if (report.IsClean)
            LogClean(report.Range.From, report.Range.To, report.Counted);
        foreach (var kind in report.Findings.GroupBy(finding => (finding.Kind, finding.Unit)))
            LogFound(kind.Count(), kind.Key.Kind, kind.Key.Unit.Words(kind.Sum(finding => finding.Amount)));
    }

    [LoggerMessage(1241, LogLevel.Information, "Reconciled from {From} to {To}: all counts agree, those of {Lanes} sinks' meters too")]
    private partial void LogClean(DateTimeOffset from, DateTimeOffset to, int lanes);

    [LoggerMessage(1242, LogLevel.Error, "Reconciliation found {Count} of the kind {Kind}, about {Amount}; `orchestrator reconcile` lists them")]
    private partial void LogFound(int count, FindingKind kind, string amount);
}
