using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Flush;

/// <summary>The figures of one run, as people and as programs read them, beside those that the design was decided on.</summary>
internal sealed record FlushReport(string Table, string Json)
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private static readonly string[] Columns =
    [
        "live generations", "flushes", "p50 ms", "p99 ms", "marks/s", "PostgreSQL us/mark", "of it, the flush's backend", "our process us/mark", "WAL B/mark",
        "full pages in WAL",
    ];

    public static FlushReport Of(IReadOnlyList<FlushRow> rows, string machine) => new(
        TableOf(rows, machine),
        JsonSerializer.Serialize(new Report(Environment.ProcessorCount, ResultFile.Commit, rows), Snake));

    private static string TableOf(IReadOnlyList<FlushRow> rows, string machine)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"commit {ResultFile.Commit}, {machine}. Every mark raised in every flush, one flush after the other.");
        table.AppendLine();
        table.AppendLine(Line(Columns));
        table.AppendLine(Line([.. Columns.Select(column => new string('-', column.Length - 1) + ":")]));
        foreach (var row in rows)
        {
            table.AppendLine(Line(
                $"{row.Generations}", $"{row.Flushes}", $"{row.P50Ms:0.0}", $"{row.P99Ms:0.0}", $"{row.MarksPerS:0}", $"{row.PostgresMicrosPerMark:0.00}",
                $"{row.BackendMicrosPerMark:0.00}", $"{row.ProcessMicrosPerMark:0.00}", $"{row.WalBytesPerMark:0.0}", $"{row.WalFullPages}"));
        }

        table.AppendLine(Line("design: 10000", "", "24.5", "", "390000", "2.30", "", "", "89.0", ""));
        table.AppendLine(Line("design: 50000", "", "128.0", "", "390000", "2.30", "", "", "89.0", ""));
        return table.ToString().TrimEnd();
    }

    private static string Line(params string[] cells) =>
        $"| {string.Join(" | ", cells.Select((cell, i) => cell.PadLeft(Columns[i].Length)))} |";

    private sealed record Report(int Cores, string Commit, IReadOnlyList<FlushRow> Rows);
}
