using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Reconciliation;

namespace Orchestrator.Storage.Billing.Reconciliation;

/// <summary>Findings and drift as JSON: the same in the table and on the command line.</summary>
public static class ReconciliationJson
{
    /// <summary>Snake case; what is not known is left out.</summary>
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>What a finding is about beside its kind, amount and reason.</summary>
    public static string Detail(Finding finding) => JsonSerializer.Serialize(DetailOf(finding), Options);

    /// <summary>Providers against us: their claims, and their invoice where there was one.</summary>
    public static string Drift(ReconciliationReport report) => JsonSerializer.Serialize(new { claims = report.Drift, invoice = report.Invoice }, Options);

    /// <summary>The finding as an object of names and values.</summary>
    public static object DetailOf(Finding finding) => new
    {
        finding.Kind,
        finding.Amount,
        finding.Unit,
        finding.Reason,
        tenant = finding.Tenant?.ToString(),
        finding.Target,
        finding.Customer,
        finding.From,
        finding.To,
        micros = finding.Micros == 0 ? (long?)null : finding.Micros,
        finding.Generation,
        finding.Proof,
        sources = finding.Sources.Select(source => new { session = source.Session?.ToString(), source.Ledger, source.Event, source.Amount }),
    };
}
