using System.Globalization;

namespace Orchestrator.Benchmarks.Support;

/// <summary>
/// What else kept the machine busy while we measured: all the time its processors worked for processes, less our own
/// programs and the database we use. A table of figures is worth little without it.
/// </summary>
internal sealed class MachineLoad
{
    private readonly int _postmaster;
    private readonly Sample _begin;

    private MachineLoad(int postmaster) => (_postmaster, _begin) = (postmaster, Sample.Take(postmaster));

    /// <summary>Begins to look.</summary>
    public static async Task<MachineLoad> BeginAsync() => new(await Postmaster.FindAsync());

    /// <summary>The machine and what ran beside us since this was made, in words.</summary>
    public string Describe()
    {
        var end = Sample.Take(_postmaster);
        var capacity = (end.At - _begin.At).TotalSeconds * Environment.ProcessorCount;
        var others = Math.Max(0, (end.Busy - _begin.Busy) - (end.Ours - _begin.Ours));
        var stolen = Math.Max(0, end.Stolen - _begin.Stolen);
        return string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({Processor()}); " +
            $"beside it other programs used {others / capacity:P1} of them, and the hypervisor withheld {stolen / capacity:P1}");
    }

    private static string Processor() => File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unnamed";

    private sealed record Sample(DateTimeOffset At, double Busy, double Stolen, double Ours)
    {
        public static Sample Take(int postmaster)
        {
            // user, nice, system, idle, iowait, irq, softirq, steal; interrupts belong to nobody.
            var machine = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
                .Select(field => double.Parse(field, CultureInfo.InvariantCulture) / 100).ToArray();
            var all = ProcessTimes.All().ToList();
            var group = all.Find(process => process.Id == Environment.ProcessId)?.Group;
            // Children that end hand their time to their parent, so the sum never shrinks.
            var ours = all.Where(process => process.Group == group || process.Id == postmaster || process.Parent == postmaster).Sum(process => process.Own + process.Ended);
            return new Sample(TimeProvider.System.GetUtcNow(), machine[0] + machine[1] + machine[2], machine[7], ours);
        }
    }
}
