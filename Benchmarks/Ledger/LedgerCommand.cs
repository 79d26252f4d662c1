using System.CommandLine;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary><c>./bench ledger</c>: what it costs to bring every live session's seconds from the provider's tick into the ledger and off the wallets.</summary>
internal static class LedgerCommand
{
    public static Command Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures as JSON to this file" };
        var save = new Option<bool>("--save") { Description = "Also keep the table under Benchmarks/results" };
        var smoke = new Option<bool>("--smoke") { Description = "Small numbers, no floors, a few seconds: shows that it works, not how fast" };
        var only = new Option<int?>("--only") { Description = "One row alone, of so many sessions, without floors: to look where its time goes" };
        var command = new Command("ledger", "Session-seconds from mark to ledger and wallets for 1,000 to 50,000 live sessions; fails below a floor") { json, save, smoke, only };
        command.SetAction(arguments => RunAsync(
            arguments.GetValue(json), arguments.GetValue(save), PlanOf(arguments.GetValue(smoke), arguments.GetValue(only)),
            hasFloors: !arguments.GetValue(smoke) && arguments.GetValue(only) is null));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(json: null, save: false, LedgerPlan.Smoke, hasFloors: false);

    private static LedgerPlan[] PlanOf(bool smoke, int? only) => smoke ? LedgerPlan.Smoke : [.. LedgerPlan.Full.Where(plan => only is null || plan.Sessions == only)];

    private static async Task<int> RunAsync(FileInfo? json, bool save, IReadOnlyList<LedgerPlan> plans, bool hasFloors)
    {
        var load = await MachineLoad.BeginAsync();
        var rows = new List<LedgerRow>();
        foreach (var plan in plans)
        {
            Terminal.Say($"{plan.Sessions} sessions for {plan.Seconds} s of theirs");
            rows.Add(await LedgerRun.MeasureAsync(plan));
        }

        var report = LedgerReport.Of(rows, load.Describe());
        Terminal.Print(report.Table);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.Json);
        if (save)
            await ResultFile.SaveAsync("ledger", "From tick to ledger", report.Table);
        if (!hasFloors)
            return 0;
        foreach (var shortfall in report.Shortfalls)
            Terminal.Print($"below the floor: {shortfall}");
        return report.Shortfalls.Count == 0 ? 0 : 1;
    }
}
