using Orchestrator.Domain.Billing;

namespace Orchestrator.Tests.Billing;

/// <summary>Meter events written in seconds, and what a sequence of them comes to.</summary>
internal static class MeterScript
{
    public static readonly MeterEvent Reattached = new MeterEvent.Reattached();

    public static MeterEvent Named(double at, string upstream) => new MeterEvent.Named(TimeSpan.FromSeconds(at), upstream);
    public static MeterEvent Started(double at) => new MeterEvent.Started(TimeSpan.FromSeconds(at));
    public static MeterEvent Tick(double at, double? claimed) => new MeterEvent.Ticked(TimeSpan.FromSeconds(at), Milliseconds(claimed));
    public static MeterEvent Ended(double at, double? claimed) => new MeterEvent.Ended(TimeSpan.FromSeconds(at), Milliseconds(claimed));

    /// <summary>Every step of the meter over the events.</summary>
    public static IReadOnlyList<MeterStep> Run(IEnumerable<MeterEvent> events)
    {
        var steps = new List<MeterStep>();
        foreach (var @event in events)
            steps.Add(RunMeter.Apply(steps is [.., var last] ? last.Next : MeterState.New, @event));
        return steps;
    }

    /// <summary>What is billed: the largest mark of each run.</summary>
    public static IReadOnlyDictionary<int, long> Marks(IEnumerable<MeterStep> steps) =>
        steps.Where(step => step.Next.Run > 0)
            .GroupBy(step => step.Next.Run)
            .ToDictionary(run => run.Key, run => run.Max(step => step.Next.MarkMs));

    /// <summary>All runs together.</summary>
    public static long Billed(IEnumerable<MeterStep> steps) => Marks(steps).Values.Sum();

    private static long? Milliseconds(double? seconds) => seconds is { } value ? (long)Math.Round(value * 1000) : null;
}
