using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>The figures of one run, as people and as programs read them, and the floors they miss.</summary>
internal sealed record LedgerReport(string Table, string Json, IReadOnlyList<string> Shortfalls)
{
    /// <summary>Session-seconds a second that the best row reaches.</summary>
    public const double LeastSessionSecondsPerS = 100_000;

    /// <summary>How far the cost of the dearest row may be above that of the cheapest.</summary>
    public const double MostSpread = 1.3;

    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private static readonly string[] Columns =
        ["live sessions", "session-seconds", "session-seconds/s", "CPU us/session-second", "of it PostgreSQL", "our process", "WAL B/session-second", "ranges/commit"];

    public static LedgerReport Of(IReadOnlyList<LedgerRow> rows, string machine) => new(
        TableOf(rows, machine),
        JsonSerializer.Serialize(new Report(Environment.ProcessorCount, ResultFile.Commit, rows), Snake),
        [.. ShortfallsOf(rows)]);

    private static double SpreadOf(IReadOnlyList<LedgerRow> rows) => rows.Max(row => row.CpuUsPerSessionSecond) / rows.Min(row => row.CpuUsPerSessionSecond);

    private static IEnumerable<string> ShortfallsOf(IReadOnlyList<LedgerRow> rows)
    {
        if (rows.Max(row => row.SessionSecondsPerS) is < LeastSessionSecondsPerS and var best)
            yield return FormattableString.Invariant($"the best row brings {best:0} session-seconds a second to the ledger, not {LeastSessionSecondsPerS:0}.");
        if (SpreadOf(rows) is > MostSpread and var spread)
            yield return FormattableString.Invariant($"a session-second of the dearest row costs {spread:0.00} times one of the cheapest, not {MostSpread:0.0} times at most.");
    }

    private static string TableOf(IReadOnlyList<LedgerRow> rows, string machine)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"""
            commit {ResultFile.Commit}, {machine}. Each session ticks once a second; marks are flushed each half second. Four of five
            sessions live on holds of 10 s of two wallets, which settles them at each renewal; one of five has no wallet and settles each minute. Books checked.
            """);
        table.AppendLine();
        table.AppendLine(Line(Columns));
        table.AppendLine(Line([.. Columns.Select(column => new string('-', column.Length - 1) + ":")]));
        foreach (var row in rows)
        {
            table.AppendLine(Line(
                $"{row.Sessions}", $"{row.SessionSeconds}", $"{row.SessionSecondsPerS:0}", $"{row.CpuUsPerSessionSecond:0.00}", $"{row.PostgresUsPerSessionSecond:0.00}",
                $"{row.ProcessUsPerSessionSecond:0.00}", $"{row.WalBytesPerSessionSecond:0}", $"{row.RangesPerCommit:0}"));
        }

        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"The dearest row costs {SpreadOf(rows):0.00} times the cheapest.");
        return table.ToString().TrimEnd();
    }

    private static string Line(params string[] cells) =>
        $"| {string.Join(" | ", cells.Select((cell, i) => cell.PadLeft(Columns[i].Length)))} |";

    private sealed record Report(int Cores, string Commit, IReadOnlyList<LedgerRow> Rows);
}
