using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Stripe;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>
/// Compares what the provider really sent with marks, ledger, wallets, export and what the sink counts. Whatever differs without
/// a crash that explains it is told in words.
/// </summary>
internal sealed class FaultOracle(Truth truth, IReadOnlyDictionary<string, Attempt> attempts)
{
    /// <summary>What may be lost: what was sent in the last second before a kill, or before the connection went.</summary>
    private static readonly long Allowance = TimeProvider.System.TimestampFrequency;

    private readonly List<string> _findings = [];
    private readonly List<string> _broken = [];
    private decimal _unexplainedMs;

    /// <summary>What was lost or outran its hold beyond the bound, one sentence each.</summary>
    public IReadOnlyList<string> Broken => _broken;

    /// <summary>What nobody can explain, one sentence each.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>What was not believed because it ran ahead of the clock: the guard's doing, told on the timeline, and no loss.</summary>
    public long ClampedMs { get; private set; }

    /// <summary>Adds it all up.</summary>
    public FaultTotals Judge(
        int faults, IReadOnlyList<UpstreamBook> upstreams, IReadOnlyList<WalletBook> wallets, IReadOnlyList<ExportBook> exports, FakeStripe stripe)
    {
        var books = upstreams.ToDictionary(book => book.Upstream, StringComparer.Ordinal);
        var (sent, duplicated, lost, lostAway, worstAge, worstOverrun) = (0L, 0L, 0L, 0L, 0L, 0L);
        foreach (var session in truth.Sessions.Where(session => session.MaxMilliseconds > 0))
        {
            books.Remove(session.ProviderSessionId, out var book);
            var ledgerMs = book?.LedgerMs ?? 0;
            sent += session.MaxMilliseconds;
            duplicated += (book?.DuplicateMs ?? 0) + Math.Max(0, ledgerMs - session.MaxMilliseconds);
            if (book is not null)
                Explain(book.MarkMs - book.LedgerMs, $"{session.ProviderSessionId}: marked {book.MarkMs} ms and has {book.LedgerMs} ms in the ledger");

            var gateway = attempts[session.Query["tag"]].Gateway;
            var missing = Missing(session, ledgerMs, gateway.KilledAt);
            if (book is not null && !gateway.MayHaveBeenBlind)
                worstOverrun = Math.Max(worstOverrun, book.OverrunMs);
            if (book is { OverrunMs: > 1000 * (long)FaultTotals.OverrunBound } && !gateway.MayHaveBeenBlind)
                _broken.Add($"{session.ProviderSessionId} ({session.Model}): {book.MarkMs} ms, {book.OverrunMs} ms beyond its hold");
            if (missing > 0 && gateway.KilledAt is not null && book is not { IsClamped: true })
            {
                _broken.Add(
                    $"{session.ProviderSessionId} ({session.Model}): {missing} ms of {session.MaxMilliseconds} missing after the kill at {gateway.Cause?.At.TotalSeconds:0.0} s");
            }

            if (missing > 0 && book is { IsClamped: true })
                ClampedMs += missing;
            else if (gateway.KilledAt is not { } killedAt)
                Explain(missing, $"{session.ProviderSessionId}: {missing} ms are missing, and nobody killed its gateway");
            else if (gateway.WhileDatabaseWasAway)
                lostAway += missing;
            else
                (lost, worstAge) = (lost + missing, Math.Max(worstAge, book is { IsClamped: true } ? 0 : OldestMissing(session, ledgerMs, killedAt)));
        }

        foreach (var (upstream, book) in books)
            Explain(book.LedgerMs, $"{upstream}: {book.LedgerMs} ms in the ledger of which the provider knows nothing");
        wallets.ToList().ForEach(Check);
        exports.ToList().ForEach(export => Check(export, stripe));
        return new FaultTotals(
            Seconds(sent), faults, Seconds(duplicated), Seconds(lost), worstAge / (decimal)TimeProvider.System.TimestampFrequency,
            Seconds(worstOverrun), Seconds(_unexplainedMs), Seconds(lostAway));
    }

    /// <summary>What was sent in good time before the kill, or before the end of the connection, and is not in the ledger.</summary>
    private static long Missing(SessionTruth session, long ledgerMs, long? killedAt)
    {
        var instant = Math.Min(killedAt ?? long.MaxValue, EndOf(session));
        var due = instant == long.MaxValue ? session.MaxMilliseconds : session.MaxMillisecondsSentBefore(instant - Allowance);
        return Math.Max(0, (due ?? throw new InvalidOperationException($"The truth of {session.ProviderSessionId} was let go.")) - ledgerMs);
    }

    /// <summary>Of a session that the kill cut off; what one that was over lost in its last second is no crash's doing.</summary>
    private static long OldestMissing(SessionTruth session, long ledgerMs, long killedAt) => EndOf(session) < killedAt
        ? 0
        : session.Ticks.Where(tick => tick.Milliseconds > ledgerMs && tick.Timestamp <= killedAt).Select(tick => killedAt - tick.Timestamp).DefaultIfEmpty().Max();

    private static long EndOf(SessionTruth session) => session.Entries.Where(IsEnd).Select(entry => entry.Timestamp).Append(long.MaxValue).Min();

    private static bool IsEnd(TruthEntry entry) =>
        entry.Kind is TruthKind.PeerClosed or TruthKind.PeerVanished or TruthKind.Closed or TruthKind.Dropped;

    private void Check(WalletBook wallet)
    {
        Explain(InMs(wallet.Granted - wallet.Entries), $"wallet {wallet.Tenant}: {wallet.Granted} micros granted and {wallet.Entries} in its entries");
        Explain(InMs(wallet.Settled - wallet.Charged), $"wallet {wallet.Tenant}: {wallet.Settled} micros settled and {wallet.Charged} charged by the ledger");
        Explain(InMs(wallet.Held), $"wallet {wallet.Tenant}: {wallet.Held} micros held although no session lives");
    }

    private void Check(ExportBook export, FakeStripe stripe)
    {
        var counted = (long)stripe.Sums().Where(sum => sum.Customer == export.Customer && sum.EventName == FaultTenants.EventName).Sum(sum => sum.Total);
        Explain(1000 * (export.Ledger - export.Items), $"{export.Customer}: the ledger owes {export.Ledger} s and {export.Items} s are in batches");
        Explain(1000 * (export.Items - export.Sent), $"{export.Customer}: {export.Items} s are in batches and {export.Sent} s were sent");
        Explain(1000 * (export.Sent - counted), $"{export.Customer}: {export.Sent} s were sent and the sink counts {counted} s");
    }

    private void Explain(decimal milliseconds, string finding)
    {
        if (milliseconds == 0)
            return;
        _unexplainedMs += Math.Abs(milliseconds);
        _findings.Add(finding);
    }

    private static decimal InMs(long micros) => micros * 1000m / FaultTenants.MicrosPerSecond;

    private static decimal Seconds(decimal milliseconds) => milliseconds / 1000m;
}
