using System.Globalization;
using Orchestrator.Simulator;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The books of many sessions beside what the provider really sent: what a crash cost, and what it may have cost.</summary>
/// <param name="Sessions">How many there were.</param>
/// <param name="GeneratedMs">What the provider sent in all.</param>
/// <param name="RecordedMs">What the ledger holds.</param>
/// <param name="LostByTheRuleMs">What was sent at least 1 s before the crash and is not in the ledger: it must be nothing.</param>
/// <param name="DuplicatedMs">What is in the ledger twice, or beyond what was ever sent: it must be nothing.</param>
/// <param name="WorstFinalise">From the crash to the end of the last session, in the books.</param>
public sealed record Audit(int Sessions, long GeneratedMs, long RecordedMs, long LostByTheRuleMs, long DuplicatedMs, TimeSpan WorstFinalise)
{
    /// <summary>What may be lost, by the rule of the failure page: the last second before a <c>kill -9</c>.</summary>
    public static readonly TimeSpan Allowance = TimeSpan.FromSeconds(1);

    /// <summary>Compares.</summary>
    /// <param name="books">The sessions to audit, all of them over.</param>
    /// <param name="provider">Who sent the ticks.</param>
    /// <param name="crashedAt">The crash, of the clock that never steps; null where nothing may be lost at all.</param>
    /// <param name="crashedAtUtc">The crash, of the wall clock that the database shares.</param>
    public static Audit Of(IReadOnlyList<Book> books, ProviderSimulator provider, long? crashedAt, DateTimeOffset crashedAtUtc)
    {
        var rule = crashedAt - (long)(Allowance.TotalSeconds * TimeProvider.System.TimestampFrequency);
        var truths = books.Select(book => (Book: book, Truth: provider.Truth.Find(book.Upstream ?? "")
            ?? throw new InvalidOperationException($"The provider knows no session that {book} could be."))).ToList();
        return new Audit(
            books.Count,
            truths.Sum(one => one.Truth.MaxMilliseconds),
            books.Sum(book => book.LedgerMs),
            truths.Sum(one => Math.Max(0, (rule is { } before ? one.Truth.MaxMillisecondsSentBefore(before)!.Value : one.Truth.MaxMilliseconds) - one.Book.LedgerMs)),
            truths.Sum(one => one.Book.DuplicateMs + Math.Max(0, one.Book.LedgerMs - one.Truth.MaxMilliseconds)),
            books.Max(book => book.EndedAt!.Value) - crashedAtUtc.UtcDateTime);
    }

    /// <summary>One line for people.</summary>
    public override string ToString() =>
        $"{Sessions} sessions, {Seconds(GeneratedMs)} generated, {Seconds(RecordedMs)} recorded, {Seconds(LostByTheRuleMs)} lost by the rule, " +
        $"{Seconds(DuplicatedMs)} duplicated, worst time to finalise {Seconds((long)WorstFinalise.TotalMilliseconds)}";

    private static string Seconds(long milliseconds) => (milliseconds / 1000m).ToString("0.000' s'", CultureInfo.InvariantCulture);
}
