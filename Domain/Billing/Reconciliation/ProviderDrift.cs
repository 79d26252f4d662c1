using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Domain.Billing.Reconciliation;

/// <summary>How far the provider's count and ours are apart, for one way that runs end. It measures what a kind of end costs us.</summary>
/// <param name="Provider">The provider.</param>
/// <param name="Model">The model.</param>
/// <param name="CloseReason">Why the runs closed; <c>open</c> for those that did not.</param>
/// <param name="Runs">How many runs.</param>
/// <param name="ProviderMs">What the provider claims or charges for them.</param>
/// <param name="MarkMs">What was marked.</param>
/// <param name="LedgerMs">What stands in the ledger.</param>
/// <param name="UnbilledMs">What the provider counts beyond the ledger, run by run: our exposure.</param>
/// <param name="OverbilledMs">What the ledger holds beyond the provider's count, run by run.</param>
public sealed record ProviderDrift(
    string Provider, string Model, string CloseReason, long Runs, long ProviderMs, long MarkMs, long LedgerMs, long UnbilledMs, long OverbilledMs);

/// <summary>One line of a provider's invoice.</summary>
/// <param name="UpstreamSession">The provider's id of the session.</param>
/// <param name="Milliseconds">What it charges for.</param>
public readonly record struct InvoicedSession(string UpstreamSession, long Milliseconds);

/// <summary>What we recorded of a session that a provider charges for.</summary>
/// <param name="UpstreamSession">The provider's id of it.</param>
/// <param name="Session">Ours.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Generation">Its last run.</param>
/// <param name="Runs">How many runs it had.</param>
/// <param name="Provider">The provider.</param>
/// <param name="Model">The model.</param>
/// <param name="CloseReason">Why its last run closed; null while it is open.</param>
/// <param name="MarkMs">What was marked.</param>
/// <param name="LedgerMs">What stands in the ledger.</param>
public sealed record RecordedSession(
    string UpstreamSession, SessionId Session, TenantId Tenant, long Generation, int Runs, string Provider, string Model, string? CloseReason,
    long MarkMs, long LedgerMs);

/// <summary>A provider's invoice against our ledger.</summary>
public static class InvoiceComparison
{
    /// <summary>Findings and drift. A difference up to the tolerance for each run is how the provider rounds.</summary>
    public static (IReadOnlyList<Finding> Findings, IReadOnlyList<ProviderDrift> Drift) Of(
        IReadOnlyCollection<InvoicedSession> invoiced, IReadOnlyCollection<RecordedSession> recorded, TimeSpan tolerance)
    {
        var ours = recorded.ToDictionary(session => session.UpstreamSession, StringComparer.Ordinal);
        var lines = invoiced.GroupBy(line => line.UpstreamSession, StringComparer.Ordinal)
            .Select(group => new InvoicedSession(group.Key, group.Sum(line => line.Milliseconds))).ToList();
        var findings = lines.Select(line => Of(line, ours.GetValueOrDefault(line.UpstreamSession), tolerance)).OfType<Finding>().ToList();
        var drift = lines.Where(line => ours.ContainsKey(line.UpstreamSession))
            .Select(line => (Line: line, Ours: ours[line.UpstreamSession]))
            .GroupBy(pair => (pair.Ours.Provider, pair.Ours.Model, Reason: pair.Ours.CloseReason ?? "open"))
            .Select(group => new ProviderDrift(
                group.Key.Provider, group.Key.Model, group.Key.Reason, group.Sum(pair => (long)pair.Ours.Runs),
                group.Sum(pair => pair.Line.Milliseconds), group.Sum(pair => pair.Ours.MarkMs), group.Sum(pair => pair.Ours.LedgerMs),
                group.Sum(pair => Math.Max(0, pair.Line.Milliseconds - pair.Ours.LedgerMs)), group.Sum(pair => Math.Max(0, pair.Ours.LedgerMs - pair.Line.Milliseconds))))
            .OrderBy(row => (row.Provider, row.Model, row.CloseReason)).ToList();
        return (findings, drift);
    }

    private static Finding? Of(InvoicedSession line, RecordedSession? ours, TimeSpan tolerance)
    {
        if (ours is null)
        {
            return line.Milliseconds == 0 ? null : new Finding(
                FindingKind.InvoiceUnknown, line.Milliseconds / 1000m, $"the provider charges for its session {line.UpstreamSession}, which we do not know");
        }

        var beyond = line.Milliseconds - ours.LedgerMs;
        if (Math.Abs(beyond) <= tolerance.TotalMilliseconds * ours.Runs)
            return null;
        var why = $"the provider charges {Seconds.Format(line.Milliseconds)} s, the ledger holds {Seconds.Format(ours.LedgerMs)} s, closed as {ours.CloseReason ?? "open"}";
        return new Finding(beyond > 0 ? FindingKind.InvoiceAbove : FindingKind.InvoiceBelow, Math.Abs(beyond) / 1000m, why)
        {
            Key = FormattableString.Invariant($"invoice:{ours.Generation}:{line.Milliseconds}"), Tenant = ours.Tenant, Generation = ours.Generation,
            ProviderMs = ours.Runs == 1 && ours.CloseReason is not null ? line.Milliseconds : null,
            Sources = [new FindingSource(ours.Session, Amount: Math.Abs(beyond) / 1000m)],
        };
    }
}
