using System.CommandLine;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Cluster;

/// <summary><c>./bench cluster</c>: what one load costs on one, two and three silos of the same machine.</summary>
internal static class ClusterCommand
{
    public static Command Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures as JSON to this file" };
        var save = new Option<bool>("--save") { Description = "Also keep the table under Benchmarks/results" };
        var smoke = new Option<bool>("--smoke") { Description = "Small numbers, no bound: shows that it works, not how fast" };
        var rounds = new Option<int?>("--rounds") { Description = "So many rounds, each half a minute a cluster" };
        var sessions = new Option<int?>("--sessions") { Description = "So many sessions: to look how the figures depend on the load" };
        var messages = new Option<int?>("--messages") { Description = "So many messages a second in all: to look how the figures depend on the load" };
        var command = new Command("cluster", "Processor time of a session and of a message on 1, 2 and 3 silos; fails above 1.15 times that of one")
        {
            json, save, smoke, rounds, sessions, messages,
        };
        command.SetAction(arguments => RunAsync(
            PlanOf(arguments.GetValue(smoke), arguments.GetValue(rounds), arguments.GetValue(sessions), arguments.GetValue(messages)),
            arguments.GetValue(json), arguments.GetValue(save)));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(ClusterPlan.Smoke, json: null, save: false);

    private static ClusterPlan PlanOf(bool smoke, int? rounds, int? sessions, int? messages)
    {
        var plan = smoke ? ClusterPlan.Smoke : ClusterPlan.Full;
        return plan with { Rounds = rounds ?? plan.Rounds, Sessions = sessions ?? plan.Sessions, MessagesPerSecond = messages ?? plan.MessagesPerSecond };
    }

    private static async Task<int> RunAsync(ClusterPlan plan, FileInfo? json, bool save)
    {
        var report = SiloProgram.WhyMissing is { } reason ? ClusterReport.Missing(reason) : await MeasureAsync(plan);
        Terminal.Print(report.Table);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.Json);
        // A table of nothing is not kept.
        if (save && SiloProgram.WhyMissing is null)
            await ResultFile.SaveAsync("cluster", "One load on one, two and three silos", report.Table);
        if (!plan.HasFloors)
            return 0;
        foreach (var shortfall in report.Shortfalls)
            Terminal.Print($"beyond the bound: {shortfall}");
        return report.Shortfalls.Count == 0 ? 0 : 1;
    }

    private static async Task<ClusterReport> MeasureAsync(ClusterPlan plan)
    {
        var load = await MachineLoad.BeginAsync();
        var samples = await ClusterRun.MeasureAsync(plan);
        return ClusterReport.Of(samples, plan, load.Describe());
    }
}
