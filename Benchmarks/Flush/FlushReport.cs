using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Flush;

/// <summary>The figures of one run, as people and as programs read them, beside those that the design was decided on.</summary>
internal sealed record FlushReport(string Table, string Json)
{
    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static FlushReport Of(IReadOnlyList<FlushRow> rows, string machine) => new(
        TableOf(rows, machine),
        JsonSerializer.Serialize(new Report(Environment.ProcessorCount, ResultFile.Commit, rows), Snake));

    private static string TableOf(IReadOnlyList<FlushRow> rows, string machine)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"commit {ResultFile.Commit}, {machine}. Every mark raised in every flush, one flush after the other.");
        table.AppendLine();
        table.AppendLine("| live generations | flushes | p50 ms | p99 ms | marks/s | PostgreSQL us/mark | of it, the flush's backend | our process us/mark | WAL B/mark | full pages in WAL |");
        table.AppendLine("|-----------------:|--------:|-------:|-------:|--------:|-------------------:|---------------------------:|--------------------:|-----------:|------------------:|");
        foreach (var row in rows)
        {
            table.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Generations,16} | {row.Flushes,7} | {row.P50Ms,6:0.0} | {row.P99Ms,6:0.0} | {row.MarksPerS,7:0} | {row.PostgresMicrosPerMark,18:0.00} | {row.BackendMicrosPerMark,26:0.00} "
                + $"| {row.ProcessMicrosPerMark,19:0.00} | {row.WalBytesPerMark,10:0.0} | {row.WalFullPages,17} |");
        }

        table.AppendLine("| design: 10000    |         |   24.5 |        |  390000 |               2.30 |                            |                     |       89.0 |                   |");
        table.AppendLine("| design: 50000    |         |  128.0 |        |  390000 |               2.30 |                            |                     |       89.0 |                   |");
        return table.ToString().TrimEnd();
    }

    private sealed record Report(int Cores, string Commit, IReadOnlyList<FlushRow> Rows);
}
