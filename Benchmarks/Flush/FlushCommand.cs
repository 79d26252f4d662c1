using System.CommandLine;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Flush;

/// <summary><c>./bench flush</c>: what it costs to make the marks of all live generations durable, which happens twice a second.</summary>
internal static class FlushCommand
{
    private static readonly (int Generations, int Flushes)[] Sizes = [(1_000, 500), (10_000, 200), (50_000, 100)];
    private static readonly (int Generations, int Flushes)[] SmokeSizes = [(100, 10), (1_000, 10)];

    public static Command Create()
    {
        var json = new Option<FileInfo?>("--json") { Description = "Also write the figures as JSON to this file" };
        var save = new Option<bool>("--save") { Description = "Also keep the table under Benchmarks/results" };
        var smoke = new Option<bool>("--smoke") { Description = "Small numbers, a few seconds: shows that it works, not how fast" };
        var command = new Command("flush", "The mark flush for 1,000 to 50,000 live generations: time, processor, write-ahead log") { json, save, smoke };
        command.SetAction(arguments => RunAsync(arguments.GetValue(json), arguments.GetValue(save), arguments.GetValue(smoke)));
        return command;
    }

    public static Task<int> SmokeAsync() => RunAsync(json: null, save: false, smoke: true);

    private static async Task<int> RunAsync(FileInfo? json, bool save, bool smoke)
    {
        var load = await MachineLoad.BeginAsync();
        var rows = new List<FlushRow>();
        foreach (var (generations, flushes) in smoke ? SmokeSizes : Sizes)
        {
            Terminal.Say($"{flushes} flushes of {generations} marks");
            rows.Add(await FlushRun.MeasureAsync(generations, flushes));
        }

        var report = FlushReport.Of(rows, load.Describe());
        Terminal.Print(report.Table);
        if (json is not null)
            await File.WriteAllTextAsync(json.FullName, report.Json);
        if (save)
            await ResultFile.SaveAsync("flush", "The mark flush", report.Table);
        return 0;
    }
}
