using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>
/// Puts right what is proven, by a person's order. What a sink lacks goes out again; what it has too much is taken back or
/// netted; what was billed too much is given back. What nothing proves is left for a person to look into.
/// </summary>
public sealed class Corrector(IReconciliationCorrections corrections)
{
    /// <summary>Corrects what can be; the rest is passed over.</summary>
    /// <param name="findings">What was found.</param>
    /// <param name="targets">Where corrections of a lane go.</param>
    /// <param name="order">Who wants it, and why.</param>
    /// <param name="cancellationToken">Gives up between two of them; the next order goes on.</param>
    public async Task<IReadOnlyList<CorrectionResult>> CorrectAsync(
        IReadOnlyList<Finding> findings, IReadOnlyDictionary<long, Guid> targets, CorrectionOrder order, CancellationToken cancellationToken)
    {
        var results = new List<CorrectionResult>();
        foreach (var finding in findings)
        {
            if (finding.Kind is FindingKind.Uncertain && finding.Proof is SinkProof.Present)
                results.Add(await corrections.ConfirmAsync(finding.Events.Single(), order, cancellationToken));
            else if (finding.Proof is SinkProof.Absent)
                results.AddRange(await ReissueAsync(finding, order, cancellationToken));

            if (finding.TooMuch is { } much && targets.TryGetValue(much.Lane.Id, out var target))
                results.Add(await NetAsync(finding, target, much.Seconds, order, cancellationToken));
            if (finding.Kind is FindingKind.InvoiceBelow)
                results.Add(await corrections.GiveBackAsync(finding, order, cancellationToken));
        }

        return results;
    }

    private async Task<List<CorrectionResult>> ReissueAsync(Finding finding, CorrectionOrder order, CancellationToken cancellationToken)
    {
        var results = new List<CorrectionResult>();
        foreach (var batch in finding.Events)
            results.Add(await corrections.ReissueAsync(batch, order, cancellationToken));
        return results;
    }

    private async Task<CorrectionResult> NetAsync(Finding finding, Guid target, decimal seconds, CorrectionOrder order, CancellationToken cancellationToken) =>
        decimal.Truncate(seconds) == seconds && seconds is > 0 and <= long.MaxValue
            ? await corrections.NetAsync(finding, target, (long)seconds, order, cancellationToken)
            : new CorrectionResult(
                $"{finding.Unit.Words(seconds)} are not whole and cannot be netted; whoever wrote them to the meter must take them back", IsDone: false, seconds);
}
