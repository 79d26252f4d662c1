using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>What a reconciliation came to.</summary>
/// <param name="StartedAt">When it began, by the database's clock.</param>
/// <param name="Range">What it looked at.</param>
/// <param name="Findings">What does not agree; empty when all does.</param>
/// <param name="Drift">Providers' claims against marks and ledger.</param>
public sealed record ReconciliationReport(DateTimeOffset StartedAt, ReconciliationRange Range, IReadOnlyList<Finding> Findings, IReadOnlyList<ProviderDrift> Drift)
{
    /// <summary>A provider's invoice against the ledger; empty where there was none.</summary>
    public IReadOnlyList<ProviderDrift> Invoice { get; init; } = [];

    /// <summary>Lanes whose sinks' own counts were read.</summary>
    public int Counted { get; init; }

    /// <summary>Lanes whose sinks have no count that could be read: their acknowledgements must do.</summary>
    public int Uncounted { get; init; }

    /// <summary>Requests that it took to read them.</summary>
    public int Reads { get; init; }

    /// <summary>Differences that were put right before.</summary>
    public int Corrected { get; init; }

    /// <summary>What was put right now, or not.</summary>
    public IReadOnlyList<CorrectionResult> Corrections { get; init; } = [];

    /// <summary>Seconds that nobody can explain.</summary>
    public decimal UnexplainedSeconds => Unexplained.GetValueOrDefault(UsageUnit.Seconds);

    /// <summary>What nobody can explain, by what is counted; findings about money alone are not in it.</summary>
    public IReadOnlyDictionary<UsageUnit, decimal> Unexplained =>
        Findings.GroupBy(finding => finding.Unit).ToDictionary(unit => unit.Key, unit => unit.Sum(finding => finding.Amount));

    /// <summary>Whether all counts agree.</summary>
    public bool IsClean => Findings.Count == 0;
}
