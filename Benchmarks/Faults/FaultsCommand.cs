using System.CommandLine;
using System.Globalization;
using System.Text;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Faults;

/// <summary><c>./bench faults</c>: what crashes cost, counted in seconds of sessions.</summary>
internal static class FaultsCommand
{
    private static readonly FaultOptions Default = new(Sessions: 300, Gateways: 3, TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(5));
    private static readonly FaultOptions Smoke = new(Sessions: 60, Gateways: 2, TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(5));

    public static Command Create()
    {
        var seeds = new Option<int>("--seeds") { Description = "How many seeds, one run each", DefaultValueFactory = _ => 1 };
        var first = new Option<int>("--seed") { Description = "The first seed; with --seeds 1 it repeats that one's faults", DefaultValueFactory = _ => 1 };
        var minutes = new Option<double>("--minutes") { Description = "How long faults go on in each run", DefaultValueFactory = _ => Default.Duration.TotalMinutes };
        var sessions = new Option<int>("--sessions") { Description = "How many sessions are kept live, at least 50", DefaultValueFactory = _ => Default.Sessions };
        var every = new Option<double>("--every") { Description = "Seconds from one fault to the next, at most 10", DefaultValueFactory = _ => Default.Every.TotalSeconds };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the totals as JSON to this file" };
        var save = new Option<bool>("--save") { Description = "Also keep the table under Benchmarks/results" };
        var smoke = new Option<bool>("--smoke") { Description = "One short run: shows that it works" };
        var command = new Command("faults", "Kills, database crashes, bad ticks, wrong clocks and a failing sink under load, and what they cost")
        {
            seeds, first, minutes, sessions, every, json, save, smoke,
        };
        command.SetAction(arguments => RunAsync(
            arguments.GetValue(smoke) ? 1 : Math.Max(1, arguments.GetValue(seeds)),
            arguments.GetValue(first),
            arguments.GetValue(smoke) ? Smoke : Default with
            {
                Duration = TimeSpan.FromMinutes(arguments.GetValue(minutes)),
                Sessions = Math.Max(50, arguments.GetValue(sessions)),
                Every = TimeSpan.FromSeconds(Math.Clamp(arguments.GetValue(every), 1, 10)),
            },
            arguments.GetValue(json),
            arguments.GetValue(save)));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(seeds: 1, first: 1, Smoke, json: null, save: false);

    private static async Task<int> RunAsync(int seeds, int first, FaultOptions options, FileInfo? json, bool save)
    {
        var load = await MachineLoad.BeginAsync();
        await using var postgres = await OwnPostgres.StartAsync();
        var (totals, table) = (FaultTotals.None, new StringBuilder());
        table.AppendLine("| seed | session seconds | faults | duplicated s | lost s | worst lost per crash s | worst overrun s | unexplained s | lost, database away s |");
        table.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var seed in Enumerable.Range(first, seeds))
        {
            Terminal.Say($"seed {seed}: {options.Sessions} sessions at {options.Gateways} gateways, {options.Duration.TotalMinutes:0.##} min");
            var one = await FaultRun.RunAsync(postgres, seed, options);
            table.AppendLine(Row($"{seed}", one));
            Terminal.Say($"  {one.Json}");
            if (!one.Hold)
                Terminal.Say($"  seed {seed} broke a promise; the same faults again: ./bench faults --seed {seed} {options}");
            totals = totals.And(one);
        }

        table.Append(Row("all", totals));
        var report = $"{load.Describe()}; {options.Sessions} sessions, {options.Gateways} gateways, {seeds} x {options.Duration.TotalMinutes:0.##} min\n\n{table}";
        Terminal.Print(report);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, totals.Json + "\n");
        if (save)
            await ResultFile.SaveAsync("faults", "What faults cost", report);
        Terminal.Print(totals.Hold
            ? "Every promise held."
            : "A promise was broken: duplicated, lost and unexplained must be 0, and no session may outrun its hold by more than 1 s.");
        return totals.Hold ? 0 : 1;
    }

    private static string Row(string name, FaultTotals totals) => string.Create(CultureInfo.InvariantCulture,
        $"| {name} | {totals.SessionSeconds:0} | {totals.Faults} | {totals.Duplicated:0.000} | {totals.Lost:0.000} | {totals.WorstLostPerCrash:0.000} | " +
        $"{totals.WorstOverrun:0.000} | {totals.Unexplained:0.000} | {totals.LostDatabaseAway:0.000} |");
}
