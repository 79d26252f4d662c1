using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Invariants;

/// <summary>One tenant of a chain from root to leaf: what it pays, and how many seconds of that its wallet has at first; null without a wallet.</summary>
internal sealed record Level(decimal Micros, RoundingMode Mode, int StepSeconds, int MinimumSeconds, int? WalletSeconds)
{
    public Price Price => new(Micros, new Rounding(Mode, StepSeconds, MinimumSeconds));
}

/// <summary>What one of several processes does next, and what befalls it at which of the statements that write.</summary>
internal sealed record Step(int Lane, string Kind, int Pick, int Amount, string Fault, int FaultAt)
{
    public IEnumerable<Step> Smaller()
    {
        if (FaultAt > 0)
            yield return this with { FaultAt = 0, Fault = "" };
        if (Lane > 0)
            yield return this with { Lane = 0 };
        if (Amount > 1)
            yield return this with { Amount = Amount / 2 };
    }
}

/// <summary>A tree and what several processes do in it.</summary>
internal sealed record MoneySample(Level[] Tree, Step[] Steps)
{
    private static readonly string[] Faults = ["terminate", "deadlock", "serialization", "answer lost"];

    public override string ToString() => $"tree: {string.Join(", ", (object[])Tree)}; steps: {string.Join(", ", (object[])Steps)}";

    /// <summary>Any program on any tree up to four levels deep.</summary>
    /// <param name="lanes">How many processes.</param>
    /// <param name="steps">At most so many steps of all.</param>
    /// <param name="faults">Whether some are struck.</param>
    /// <param name="seconds">At most so many seconds of its price has a wallet at first.</param>
    public static Arbitrary<MoneySample> Of(int lanes, int steps, bool faults, int seconds = 150)
    {
        // Every process begins with a session and a run, so that the rest has something to be about.
        var first = Enumerable.Range(0, lanes).SelectMany(lane => new[] { Begin(lane, "admit"), Begin(lane, "open"), Begin(lane, "flush") }).ToArray();
        var sequences = Samples.SequencesOf(StepOf(lanes, faults), steps, step => step.Smaller());
        return Arb.From(
            from tree in Gen.Choose(1, 4).SelectMany(depth => LevelOf(seconds).ArrayOf(depth))
            from program in sequences.Generator
            select new MoneySample(tree.Select((level, i) => i == 0 && level.WalletSeconds is null ? level with { WalletSeconds = 40 } : level).ToArray(), [.. first, .. program]),
            sample => sequences.Shrinker(sample.Steps).Select(smaller => sample with { Steps = smaller })
                .Concat(sample.Tree.Length > 1 ? [sample with { Tree = sample.Tree[..^1] }] : []));
    }

    private static Step Begin(int lane, string kind) => new(lane, kind, lane, 3_000, "", 0);

    private static Gen<Level> LevelOf(int most) =>
        from micros in Gen.Choose(0, 50_000)
        from fraction in Gen.Elements(0m, 0.5m, 0.333333m)
        from mode in Gen.Frequency((3, Gen.Constant(RoundingMode.Ceil)), (1, Gen.Constant(RoundingMode.Floor)))
        from step in Gen.Frequency((3, Gen.Constant(1)), (1, Gen.Elements(2, 6)))
        from minimum in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Constant(5)))
        from seconds in Gen.Frequency((1, Gen.Constant(-1)), (4, Gen.Choose(10, most)))
        select new Level(micros + fraction, mode, step, minimum, seconds < 0 ? null : seconds);

    private static Gen<Step> StepOf(int lanes, bool faults) =>
        from lane in Gen.Choose(0, lanes - 1)
        from kind in Gen.Frequency(
            (3, Gen.Constant("admit")), (5, Gen.Constant("open")), (6, Gen.Constant("flush")), (6, Gen.Constant("settle")), (3, Gen.Constant("close")),
            (3, Gen.Constant("end")), (2, Gen.Constant("settle closed")), (1, Gen.Constant("top up")), (1, Gen.Constant("reap")), (1, Gen.Constant("reclaim")))
        from pick in Gen.Choose(0, 1_000)
        from amount in Gen.Choose(1, 15_000)
        from fault in Gen.Elements(Faults)
        from at in Gen.Frequency((2, Gen.Constant(0)), (faults ? 1 : 0, Gen.Choose(1, 14)))
        select new Step(lane, kind, pick, amount, at == 0 ? "" : fault, at);
}
