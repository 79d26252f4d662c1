using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Grains.Providers.Decart;
using Orchestrator.Tests.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>What a provider may say of its counter, and what comes of it.</summary>
public sealed class Invariant06And10
{
    /// <summary>A run by its ticks, in the order they come.</summary>
    private static readonly Arbitrary<int[][]> Runs = Samples.SequencesOf(
        Gen.Choose(0, 30_000).NonEmptyListOf().Select(ticks => ticks.ToArray()), max: 6,
        ticks => ticks.Length > 1 ? [ticks[1..], ticks[..^1]] : []);

    private static readonly string[] Tokens =
        ["null", "\"5\"", "true", "false", "NaN", "Infinity", "1e308", "-1", "-0.001", "5.0004", "9007199254740993", "18446744073709551616", "1e999", "[5]", "{}", "", "5e", "٥"];

    [Fact]
    public void Invariant_06_The_total_is_the_sum_over_runs_of_each_ones_maximum_and_a_fall_without_a_restart_adds_nothing_and_raises_one_anomaly() =>
        Laws.Hold(Runs, tests: 2_000, law: runs =>
        {
            var events = runs.SelectMany((ticks, i) => Events(ticks, i));

            var steps = MeterScript.Run(events);

            Assert.Equal(runs.Sum(ticks => (long)ticks.Max()), MeterScript.Billed(steps));
            Assert.Equal(runs.Length, MeterScript.Marks(steps).Count);
            Assert.Equal(runs.Sum(Falls), steps.Count(step => step.Anomaly is MeterAnomaly.Regression));
            Assert.DoesNotContain(steps, step => step.Anomaly is not (null or MeterAnomaly.Regression));
        });

    [Fact]
    public void Invariant_10_Malformed_seconds_never_move_the_mark_wrongly_and_never_stop_the_pump()
    {
        var tokens = Gen.Frequency(
            (4, Gen.Elements(Tokens)),
            (3, Gen.Choose(0, 40_000).Select(ms => Seconds.Format(ms))),
            (1, Gen.Elements([.. "0123456789.eE+-\"ntx ,}{"]).ArrayOf().Select(characters => new string(characters))));

        Laws.Hold(Samples.SequencesOf(tokens, max: 20), tests: 2_000, law: story =>
        {
            var dialect = new DecartDialect();
            var state = RunMeter.Apply(MeterState.New, new MeterEvent.Started(TimeSpan.Zero)).Next;
            for (var i = 0; i < story.Length; i++)
            {
                var at = TimeSpan.FromSeconds(2 * i);
                var before = state.MarkMs;
                var signal = dialect.ReadUpstream(Encoding.UTF8.GetBytes($$"""{"type":"generation_tick","seconds":{{story[i]}}}"""));

                var step = RunMeter.Apply(state, new MeterEvent.Ticked(at, signal.Milliseconds));

                state = step.Next;
                var limit = (long)(at + RunMeter.Slack).TotalMilliseconds;
                Assert.Equal(Math.Max(before, Math.Min(limit, signal.Milliseconds ?? 0)), state.MarkMs);
                if (Array.IndexOf(Tokens, story[i]) >= 0 && story[i] != "5.0004")
                    Assert.Equal((null, MeterAnomaly.Malformed, before), (signal.Milliseconds, step.Anomaly, state.MarkMs));
                if (story[i] == "5.0004")
                    Assert.Equal(5_000, signal.Milliseconds);
            }

            // The pump goes on: the next good count is taken.
            var later = TimeSpan.FromMinutes(10);
            Assert.Equal(500_000, RunMeter.Apply(state, new MeterEvent.Ticked(later, 500_000)).Next.MarkMs);
        });
    }

    /// <summary>Each run on an upstream of its own, late enough for every count to be believed.</summary>
    private static IEnumerable<MeterEvent> Events(int[] ticks, int run)
    {
        var start = TimeSpan.FromMinutes(run);
        yield return new MeterEvent.Named(start, $"upstream {run}");
        yield return new MeterEvent.Started(start);
        foreach (var tick in ticks)
            yield return new MeterEvent.Ticked(start + TimeSpan.FromSeconds(40), tick);
        yield return new MeterEvent.Ended(start + TimeSpan.FromSeconds(40), ticks.Max());
    }

    private static int Falls(int[] ticks)
    {
        var (falls, largest) = (0, 0);
        foreach (var tick in ticks)
            (falls, largest) = (falls + (tick < largest ? 1 : 0), Math.Max(largest, tick));
        return falls;
    }
}
