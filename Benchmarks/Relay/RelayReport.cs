using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>The figures of one run, as people and as programs read them, held against the floors.</summary>
internal sealed record RelayReport(string Table, string Json, IReadOnlyList<string> Shortfalls)
{
    private static readonly JsonSerializerOptions Snake = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static RelayReport Of(
        IReadOnlyDictionary<string, List<RoundResult>> measured, SessionFigures? cost, IReadOnlyList<string> notes, string machine)
    {
        var gateway = measured.GetValueOrDefault("orchestrator");
        var rows = measured.Select(row => Row.Of(row.Key, row.Value, measured["pump"], PolicyPeers.Names.Contains(row.Key) ? gateway : null)).ToList();
        var report = new Report(
            Environment.ProcessorCount, ResultFile.Commit, SiloProgram.Experiment, rows,
            cost is null ? null : Math.Round(cost.Bytes), cost is null ? null : Math.Round(cost.SetUpsPerSecond, 1));
        return new RelayReport(TableOf(report, notes, machine), JsonSerializer.Serialize(report, Snake), [.. ShortfallsOf(report)]);
    }

    private static IEnumerable<string> ShortfallsOf(Report report)
    {
        var byName = report.Rows.ToDictionary(row => row.Name);
        if (!byName.TryGetValue("orchestrator", out var ours))
            yield break;
        foreach (var (name, floor) in Floors.OfPump)
        {
            if (byName.TryGetValue(name, out var row) && row.RatioToPump < floor)
                yield return $"{name} has {row.RatioToPump:0.00} of the bare pump, wanted {floor:0.00}";
        }

        foreach (var (name, floor) in Floors.OfGateway)
        {
            if (byName.TryGetValue(name, out var row) && row.RatioToGateway is { } ratio && ratio < floor)
                yield return $"{name} has {ratio:0.00} of the row without a policy, wanted {floor:0.00}";
        }

        if (!byName.TryGetValue("nginx", out var nginx) || ours.MessagesPerS < Floors.OfNginx * nginx.MessagesPerS)
            yield return $"{ours.MessagesPerS / nginx?.MessagesPerS ?? 0:0.00} times nginx, wanted {Floors.OfNginx:0.00}";
        if (!byName.TryGetValue("python", out var python) || ours.MessagesPerS < Floors.OfPython * python.MessagesPerS)
            yield return $"{ours.MessagesPerS / python?.MessagesPerS ?? 0:0.00} times the Python proxy, wanted {Floors.OfPython:0.00}";
        if (report.SessionBytes > Floors.SessionBytes)
            yield return $"{report.SessionBytes:0} bytes a session, wanted at most {Floors.SessionBytes}";
        if (report.SetupsPerS < Floors.SetUpsPerSecond)
            yield return $"{report.SetupsPerS:0} set-ups/s, wanted {Floors.SetUpsPerSecond}";
    }

    private static string TableOf(Report report, IReadOnlyList<string> notes, string machine)
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"commit {report.Commit}, {machine}. 50 closed-loop clients, 120-byte JSON; medians over the rounds.");
        if (report.SiloEnvironment is { } variables)
            table.AppendLine(CultureInfo.InvariantCulture, $"Silos were started with {variables}.");
        table.AppendLine();
        table.AppendLine("| row              | messages/s | p50 ms | p99 ms | messages/s to pump | its CPU us/message |");
        table.AppendLine("|------------------|-----------:|-------:|-------:|-------------------:|-------------------:|");
        foreach (var row in report.Rows)
        {
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {row.Name,-16} | {row.MessagesPerS,10:0} | {row.P50Ms,6:0.00} | {row.P99Ms,6:0.00} | {row.RatioToPump,18:0.00} | {row.ProcessorUs,18:0.0} |");
        }

        table.AppendLine();
        if (report.SessionBytes is { } bytes)
            table.AppendLine(CultureInfo.InvariantCulture, $"{bytes:0} bytes (RSS) per idle session; {report.SetupsPerS:0} session set-ups/s including claim and dial");
        foreach (var row in report.Rows.Where(row => row.RatioToGateway is not null))
            table.AppendLine(CultureInfo.InvariantCulture, $"{row.Name}: {row.RatioToGateway:0.00} of the messages of orchestrator, which has no policy");
        foreach (var note in notes)
            table.AppendLine(note);
        return table.ToString().TrimEnd();
    }

    /// <summary>What a row must reach.</summary>
    private static class Floors
    {
        /// <summary>Of the bare pump's messages; a row that could not be measured here is none that fell short.</summary>
        public static readonly (string Name, double Least)[] OfPump = [("orchestrator", 0.85), (OrleansPeers.Cohosted, 0.85), (OrleansPeers.BehindGateway, 0.60)];

        /// <summary>Of the same process's own messages without a policy.</summary>
        public static readonly (string Name, double Least)[] OfGateway = [(PolicyPeers.Idle, 0.95), (PolicyPeers.Checked, 0.70)];

        public const double OfNginx = 1.5;
        public const double OfPython = 2.5;
        public const double SessionBytes = 65_536;
        public const double SetUpsPerSecond = 500;
    }

    private sealed record Report(int Cores, string Commit, string? SiloEnvironment, IReadOnlyList<Row> Rows, double? SessionBytes, double? SetupsPerS);

    private sealed record Row(
        string Name, double MessagesPerS, double P50Ms, double P99Ms, double RatioToPump, [property: JsonIgnore] double ProcessorUs, double? RatioToGateway = null)
    {
        /// <summary>Medians; the ratio is the median of the ratios within each round.</summary>
        public static Row Of(string name, IReadOnlyList<RoundResult> rounds, IReadOnlyList<RoundResult> pump, IReadOnlyList<RoundResult>? gateway) => new(
            name,
            Math.Round(Statistics.Median(rounds.Select(round => round.MessagesPerSecond)), 1),
            Math.Round(Statistics.Median(rounds.Select(round => round.P50Milliseconds)), 3),
            Math.Round(Statistics.Median(rounds.Select(round => round.P99Milliseconds)), 3),
            Math.Round(Statistics.Median(rounds.Select((round, i) => round.MessagesPerSecond / pump[i].MessagesPerSecond)), 3),
            Math.Round(Statistics.Median(rounds.Select(round => round.ProcessorMicroseconds)), 1),
            gateway is null ? null : Math.Round(Statistics.Median(rounds.Select((round, i) => round.MessagesPerSecond / gateway[i].MessagesPerSecond)), 3));
    }
}
