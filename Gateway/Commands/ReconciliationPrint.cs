using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Storage.Billing.Reconciliation;

namespace Orchestrator.Gateway.Commands;

/// <summary>A reconciliation for a person who was woken up, and for a program. The verdict is the last line.</summary>
internal static class ReconciliationPrint
{
    private const int MaxSessions = 3;

    public static string Json(ReconciliationReport report) => JsonSerializer.Serialize(new
    {
        verdict = report.IsClean ? "clean" : "findings",
        report.StartedAt,
        report.Range.From,
        report.Range.To,
        report.Unexplained,
        report.Counted,
        report.Uncounted,
        report.Reads,
        report.Corrected,
        findings = report.Findings.Select(ReconciliationJson.DetailOf),
        corrections = report.Corrections,
        drift = report.Drift,
        invoice = report.Invoice,
    }, ReconciliationJson.Options) + "\n";

    public static string Text(ReconciliationReport report)
    {
        var text = new StringBuilder();
        Line(text, $"compared from {report.Range.From:yyyy-MM-dd HH:mm} to {report.Range.To:yyyy-MM-dd HH:mm} UTC; {report.Counted} meters read in {report.Reads} requests"
            + (report.Uncounted > 0 ? $", {report.Uncounted} targets without a meter to read" : ""));
        Drift(text, "providers' claims against the ledger, by how runs closed", report.Drift);
        Drift(text, "the provider's invoice against the ledger", report.Invoice);
        Findings(text, report.Findings);
        if (report.Corrections.Count > 0)
        {
            Line(text, "");
            foreach (var correction in report.Corrections)
                Line(text, $"{(correction.IsDone ? "corrected" : "NOT corrected")}: {correction.Action}");
        }

        Line(text, "");
        Line(text, Verdict(report));
        return text.ToString();
    }

    private static string Verdict(ReconciliationReport report)
    {
        var known = report.Corrected > 0 ? $" ({report.Corrected} put right before)" : "";
        if (report.IsClean)
            return $"CLEAN: every count agrees{known}";
        var done = report.Corrections.Count(correction => correction.IsDone);
        var now = done > 0 ? $"; {done} corrections were made, run again when they went out" : "";
        var unexplained = string.Join(", ", report.Unexplained.OrderBy(unit => unit.Key).Select(unit => unit.Key.Words(unit.Value)));
        return $"{report.Findings.Count} FINDINGS, {unexplained} unexplained{known}{now}";
    }

    private static void Drift(StringBuilder text, string title, IReadOnlyList<ProviderDrift> drift)
    {
        if (drift.Count == 0)
            return;
        Line(text, "");
        Line(text, title);
        Table(text, ["provider", "model", "closed as", "runs", "provider s", "mark s", "ledger s", "unbilled s", "overbilled s"], [.. drift.Select(row => new[]
        {
            row.Provider, row.Model, row.CloseReason, row.Runs.ToString(CultureInfo.InvariantCulture), S(row.ProviderMs), S(row.MarkMs),
            S(row.LedgerMs), S(row.UnbilledMs), S(row.OverbilledMs),
        })]);
    }

    private static void Findings(StringBuilder text, IReadOnlyList<Finding> findings)
    {
        if (findings.Count == 0)
            return;
        Line(text, "");
        Table(text, ["finding", "amount", "when", "sessions", "why"], [.. findings.Select(finding => new[]
        {
            JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Kind.ToString()), finding.Unit.Words(finding.Amount),
            finding.From?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "-", Sessions(finding), Why(finding),
        })]);
    }

    private static string Why(Finding finding) =>
        finding.Customer is { } customer && finding.Kind is not FindingKind.WrongCustomer ? $"{customer}: {finding.Reason}" : finding.Reason;

    private static string Sessions(Finding finding)
    {
        var sessions = finding.Sources.Where(source => source.Session is not null).Select(source => source.Session.ToString()!).Distinct().ToList();
        return sessions.Count == 0 ? "-" : string.Join(' ', sessions.Take(MaxSessions)) + (sessions.Count > MaxSessions ? $" +{sessions.Count - MaxSessions}" : "");
    }

    private static void Table(StringBuilder text, string[] header, string[][] rows)
    {
        var widths = header.Select((name, i) => rows.Select(row => row[i].Length).Append(name.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(header))
            Line(text, string.Join("  ", row.Select((cell, i) => i == row.Length - 1 ? cell : cell.PadRight(widths[i]))));
    }

    private static void Line(StringBuilder text, string line) => text.Append(line.TrimEnd()).Append('\n');

    private static string S(long milliseconds) => (milliseconds / 1000m).ToString("0.###", CultureInfo.InvariantCulture);
}
