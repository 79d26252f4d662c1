using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Billing;

public class RunMeterLawTests
{
    private static readonly Arbitrary<Step[]> AnyStory = Samples.SequencesOf(Steps(), max: 40, step => step.Smaller());

    [Fact]
    public void Any_order_and_repetition_of_ticks_ends_at_the_largest()
    {
        var ticks = Gen.Choose(0, 60_000).NonEmptyListOf();
        var stories = ticks.SelectMany(claims => Gen.Shuffle(claims.Concat(claims.Take(3))).Select(order => (claims.Max(), order)));

        Laws.Hold(stories.ToArbitrary(), story =>
        {
            var (largest, order) = story;

            var steps = MeterScript.Run([MeterScript.Started(0), .. order.Select(claim => MeterScript.Tick(at: 60, claim / 1000.0))]);

            Assert.Equal((1, largest), (steps[^1].Next.Run, steps[^1].Next.MarkMs));
            Assert.Equal(largest, MeterScript.Billed(steps));
        });
    }

    [Fact]
    public void A_mark_never_falls_within_its_run_and_runs_come_one_after_the_other() =>
        Laws.Hold(AnyStory, tests: 2_000, law: story =>
        {
            var before = MeterState.New;
            foreach (var @event in Events(story))
            {
                var after = RunMeter.Apply(before, @event).Next;

                Assert.InRange(after.Run, before.Run, before.Run + 1);
                Assert.True(after.Run > before.Run || after.MarkMs >= before.MarkMs, $"{@event}: {before} to {after}");
                before = after;
            }
        });

    [Fact]
    public void All_runs_together_outrun_the_clock_by_one_slack_each_at_most() =>
        Laws.Hold(AnyStory, tests: 2_000, law: story =>
        {
            var steps = MeterScript.Run(Events(story));

            var runs = MeterScript.Marks(steps);
            var elapsed = story.Sum(step => step.GapMs);
            Assert.InRange(runs.Values.Sum(), 0, elapsed + runs.Count * (long)RunMeter.Slack.TotalMilliseconds);
        });

    [Fact]
    public void What_is_no_number_moves_no_mark() =>
        Laws.Hold(AnyStory, story =>
        {
            var state = After(story);

            var tick = RunMeter.Apply(state, new MeterEvent.Ticked(Now(story), null));
            var end = RunMeter.Apply(state, new MeterEvent.Ended(Now(story), null));

            Assert.Equal(new MeterStep(state, MeterAnomaly.Malformed), tick);
            Assert.Equal(state with { IsOpen = false }, end.Next);
        });

    [Fact]
    public void Ended_twice_is_ended_once() =>
        Laws.Hold(AnyStory.Zip(Arb.From(Gen.Choose(0, 200_000))), sample =>
        {
            var (story, claimed) = sample;
            var end = new MeterEvent.Ended(Now(story), claimed);

            var once = RunMeter.Apply(After(story), end).Next;
            var twice = RunMeter.Apply(once, end).Next;

            Assert.False(once.IsOpen);
            Assert.Equal(once, twice);
        });

    [Fact]
    public void A_provider_that_counts_right_is_billed_exactly_whatever_ticks_are_lost_or_doubled()
    {
        var runs = Samples.SequencesOf(HonestRuns(), max: 6);

        Laws.Hold(runs, honest =>
        {
            var steps = MeterScript.Run(HonestEvents(honest));

            Assert.Equal(honest.Sum(run => run.GeneratedMs), MeterScript.Billed(steps));
            Assert.DoesNotContain(steps, step => step.Anomaly is not null);
        });
    }

    /// <summary>One event of a provider that may say anything, a while after the last.</summary>
    private sealed record Step(string Kind, int GapMs, int ClaimedMs)
    {
        public IEnumerable<Step> Smaller() =>
            Samples.Smaller(GapMs).Select(gap => this with { GapMs = (int)gap })
                .Concat(Samples.Smaller(ClaimedMs).Select(claimed => this with { ClaimedMs = (int)claimed }));
    }

    private static Gen<Step> Steps() =>
        from kind in Gen.Frequency(
            (8, Gen.Constant("tick")), (1, Gen.Constant("nonsense")), (2, Gen.Constant("started")),
            (2, Gen.Constant("ended")), (1, Gen.Constant("reattached")), (1, Gen.Elements("a", "b")))
        from gap in Gen.Choose(0, 5_000)
        from claimed in Gen.Choose(0, 100_000)
        select new Step(kind, gap, claimed);

    private static IEnumerable<MeterEvent> Events(IEnumerable<Step> story)
    {
        var now = TimeSpan.Zero;
        foreach (var (kind, gap, claimed) in story)
        {
            now += TimeSpan.FromMilliseconds(gap);
            yield return kind switch
            {
                "tick" => new MeterEvent.Ticked(now, claimed),
                "nonsense" => new MeterEvent.Ticked(now, null),
                "started" => new MeterEvent.Started(now),
                "ended" => new MeterEvent.Ended(now, claimed % 7 == 0 ? null : claimed),
                "reattached" => new MeterEvent.Reattached(),
                _ => new MeterEvent.Named(now, kind),
            };
        }
    }

    private static TimeSpan Now(IEnumerable<Step> story) => TimeSpan.FromMilliseconds(story.Sum(step => step.GapMs));

    private static MeterState After(IEnumerable<Step> story) => Events(story).Aggregate(MeterState.New, (state, e) => RunMeter.Apply(state, e).Next);

    /// <summary>A run as it was: how long, which of its seconds were heard and how often, and whether its counter went on from the last.</summary>
    private sealed record Honest(int GeneratedMs, int[] HeardMs, bool GoesOn, bool EndsWithoutCount);

    private static Gen<Honest> HonestRuns() =>
        from generated in Gen.Choose(1_000, 20_000)
        from heard in Gen.Choose(0, generated).ArrayOf()
        from goesOn in Gen.Elements(true, false)
        from silent in Gen.Elements(true, false)
        select new Honest(generated, [.. heard.Order()], goesOn, silent);

    private static IEnumerable<MeterEvent> HonestEvents(IEnumerable<Honest> runs)
    {
        var (now, counter) = (0L, 0L);
        foreach (var run in runs)
        {
            counter = run.GoesOn ? counter : 0;
            yield return new MeterEvent.Started(At(now));
            // A counter that begins anew shows itself by standing below the last one; its first tick does, and is not lost.
            yield return new MeterEvent.Ticked(At(now), counter);
            foreach (var heard in run.HeardMs)
                yield return new MeterEvent.Ticked(At(now + heard), counter + heard);

            (now, counter) = (now + run.GeneratedMs, counter + run.GeneratedMs);
            if (run.EndsWithoutCount)
                yield return new MeterEvent.Ticked(At(now), counter);
            yield return new MeterEvent.Ended(At(now), counter);
        }
    }

    private static TimeSpan At(long milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
