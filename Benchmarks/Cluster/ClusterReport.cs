using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary>The figures of one run, as people and as programs read them, held against their bound.</summary>
internal sealed record ClusterReport(string Table, string Json, IReadOnlyList<string> Shortfalls)
{
    /// <summary>How far a session and a message may cost more on several silos than on one.</summary>
    public const double MostOfOne = 1.15;

    /// <summary>Below this share of the planned messages the load was another.</summary>
    private const double LeastCarried = 0.95;

    private static readonly JsonSerializerOptions Snake = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly string[] Columns =
        ["silos", "us/session-second", "to one", "us/message", "to one", "idle ms/s", "all ms/s", "to one", "PostgreSQL ms/s", "messages/s"];

    /// <summary>Nothing could be measured, and why.</summary>
    public static ClusterReport Missing(string reason) =>
        new($"not measured: cluster: {reason}", JsonSerializer.Serialize(new Report(Environment.ProcessorCount, ResultFile.Commit, SiloEnvironment: null, []), Snake), []);

    public static ClusterReport Of(IReadOnlyDictionary<int, List<ClusterSample>> samples, ClusterPlan plan, string machine)
    {
        var one = samples[plan.Sizes[0]];
        var rows = plan.Sizes.Select(size => Row.Of(size, samples[size], one, plan.Sessions)).ToList();
        var report = new Report(Environment.ProcessorCount, ResultFile.Commit, SiloProgram.Experiment, rows);
        return new ClusterReport(TableOf(report, plan, machine), JsonSerializer.Serialize(report, Snake), [.. report.Rows.SelectMany(row => ShortfallsOf(row, plan))]);
    }

    private static IEnumerable<string> ShortfallsOf(Row row, ClusterPlan plan)
    {
        if (row.SessionToOne is not <= MostOfOne)
            yield return FormattableString.Invariant($"on {row.Silos} silos a session costs {row.SessionToOne:0.00} of what it costs on one, wanted at most {MostOfOne:0.00}");
        if (row.MessageToOne is not <= MostOfOne)
            yield return FormattableString.Invariant($"on {row.Silos} silos a message costs {row.MessageToOne:0.00} of what it costs on one, wanted at most {MostOfOne:0.00}");
        if (row.MessagesPerS < LeastCarried * plan.MessagesPerSecond)
            yield return FormattableString.Invariant($"on {row.Silos} silos {row.MessagesPerS:0} messages a second came back of {plan.MessagesPerSecond} sent");
    }

    private static string TableOf(Report report, ClusterPlan plan, string machine)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"""
            commit {report.Commit}, {machine}.
            {plan.Sessions} sessions that tick each second, four of five on holds of two wallets; {plan.MessagesPerSecond} messages of 120 bytes a second in
            all, paced, there and back. Processor time of all silos; medians over the rounds.
            """);
        if (report.SiloEnvironment is { } variables)
            table.AppendLine(CultureInfo.InvariantCulture, $"Silos were started with {variables}.");
        table.AppendLine();
        table.AppendLine(Line(Columns));
        table.AppendLine(Line([.. Columns.Select(column => new string('-', column.Length - 1) + ":")]));
        foreach (var row in report.Rows)
        {
            table.AppendLine(Line(
                $"{row.Silos}", Text(row.SessionUs, "0.0"), Text(row.SessionToOne, "0.00"), Text(row.MessageUs, "0.0"), Text(row.MessageToOne, "0.00"),
                Text(row.IdleMs, "0.0"), Text(row.AllMs, "0.0"), Text(row.AllToOne, "0.00"), Text(row.PostgresMs, "0.0"), Text(row.MessagesPerS, "0")));
        }

        return table.ToString().TrimEnd();
    }

    private static string Text(double? figure, string format) => figure?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static string Line(params string[] cells) => $"| {string.Join(" | ", cells.Select((cell, i) => cell.PadLeft(Columns[i].Length)))} |";

    private sealed record Report(int Cores, string Commit, string? SiloEnvironment, IReadOnlyList<Row> Rows);

    /// <summary>Medians; ratios are medians of the ratios within each round, and none where nothing was used that could be told.</summary>
    private sealed record Row(
        int Silos, double SessionUs, double? SessionToOne, double MessageUs, double? MessageToOne,
        double IdleMs, double AllMs, double? AllToOne, double PostgresMs, double MessagesPerS)
    {
        public static Row Of(int silos, IReadOnlyList<ClusterSample> samples, IReadOnlyList<ClusterSample> one, int sessions)
        {
            var (session, message, all) = (Median(Session), Median(Message), Median(sample => sample.Busy));
            return new Row(
                silos, Round(session * 1e6, 1), ToOne(Session), Round(message * 1e6, 1), ToOne(Message),
                Round(Median(sample => sample.Idle) * 1e3, 1), Round(all * 1e3, 1), ToOne(sample => sample.Busy),
                Round(Median(sample => sample.Postgres) * 1e3, 1), Round(Median(sample => sample.MessagesPerSecond), 1));

            double Median(Func<ClusterSample, double> figure) => Statistics.Median(samples.Select(figure));

            double? ToOne(Func<ClusterSample, double> figure)
            {
                var ratios = samples.Zip(one).Where(pair => figure(pair.Second) > 0).Select(pair => figure(pair.First) / figure(pair.Second)).ToList();
                return ratios.Count == 0 ? null : Round(Statistics.Median(ratios), 3);
            }

            // What sessions add to silos that were there anyway, and what messages add to the sessions.
            double Session(ClusterSample sample) => (sample.Quiet - sample.Idle) / sessions;

            static double Message(ClusterSample sample) => sample.MessagesPerSecond > 0 ? (sample.Busy - sample.Quiet) / sample.MessagesPerSecond : 0;
        }

        private static double Round(double figure, int digits) => Math.Round(figure, digits);
    }
}
