using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Orchestrator.Tests.Support;

/// <summary>
/// Checks a law on many samples and shrinks the one that breaks it. A failure prints its seed, of the run as <c>(seed,gamma)</c>
/// and of the step as <c>(seed,gamma,size)</c>; the environment variable <c>LAW_SEED</c>, set to either, repeats it.
/// </summary>
internal static class Laws
{
    /// <summary>The law holds for every sample: it throws for none.</summary>
    public static void Hold<T>(Arbitrary<T> samples, Action<T> law, int tests = 500) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests).WithReplay(Replayed()), Prop.ForAll(samples, law));

    /// <summary>The same for a law that waits.</summary>
    public static void Hold<T>(Arbitrary<T> samples, Func<T, Task> law, int tests = 100) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests).WithReplay(Replayed()), Prop.ForAll(samples, law));

    private static FSharpOption<Replay>? Replayed() =>
        Environment.GetEnvironmentVariable("LAW_SEED")?.Trim('(', ')').Split(',') is [var seed, var gamma, .. var size]
            ? new(new Replay(new Rnd(ulong.Parse(seed), ulong.Parse(gamma)), size is [var text] ? new(int.Parse(text)) : FSharpOption<int>.None))
            : null;
}
