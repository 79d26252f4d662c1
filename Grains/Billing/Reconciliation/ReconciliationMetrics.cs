using System.Diagnostics.Metrics;
using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>What reconciliations found. Tagged with the kind of finding and nothing that names a tenant.</summary>
public sealed class ReconciliationMetrics
{
    private readonly Counter<long> _runs;
    private readonly Counter<long> _findings;
    private readonly Counter<double> _seconds;
    private readonly Counter<long> _tokens;

    /// <summary>Takes the program's meters.</summary>
    public ReconciliationMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Orchestrator.Billing.Reconciliation");
        _runs = meter.CreateCounter<long>("orchestrator.reconciliation.runs", "{run}", "Reconciliations, tagged whether all agreed; alert when a day passes without one.");
        _findings = meter.CreateCounter<long>("orchestrator.reconciliation.findings", "{finding}", "Differences found, by kind; a person must look.");
        _seconds = meter.CreateCounter<double>("orchestrator.reconciliation.unexplained", "s", "Seconds that counts do not agree on, by kind.");
        _tokens = meter.CreateCounter<long>("orchestrator.reconciliation.unexplained_tokens", "{token}", "Tokens that counts do not agree on, by kind and what is counted.");
    }

    /// <summary>A run is over.</summary>
    public void Reconciled(ReconciliationReport report)
    {
        _runs.Add(1, new KeyValuePair<string, object?>("clean", report.IsClean));
        foreach (var finding in report.Findings)
        {
            var kind = new KeyValuePair<string, object?>("kind", finding.Kind.ToString());
            _findings.Add(1, kind);
            if (finding.Unit is UsageUnit.Seconds)
                _seconds.Add((double)finding.Amount, kind);
            else
                _tokens.Add((long)finding.Amount, kind, new KeyValuePair<string, object?>("unit", finding.Unit.ToString()));
        }
    }
}
