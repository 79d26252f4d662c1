using FsCheck;
using FsCheck.Fluent;

namespace Orchestrator.Tests.Support;

/// <summary>Samples for laws, each with a way to make a failing one smaller.</summary>
internal static class Samples
{
    /// <summary>Sequences that shrink by dropping halves and single elements, and by shrinking elements. Arrays, because they print in full.</summary>
    public static Arbitrary<T[]> SequencesOf<T>(Gen<T> element, int max, Func<T, IEnumerable<T>>? shrink = null) =>
        Arb.From(Gen.Choose(0, max).SelectMany(element.ArrayOf), sequence => Smaller(sequence, shrink));

    /// <summary>Whole numbers of the range, with its ends more often than chance has them.</summary>
    public static Gen<long> Longs(long min, long max) =>
        Gen.Frequency(
            (1, Gen.Elements(min, max)),
            (4, Gen.Choose(0, 1 << 20).Select(small => Math.Min(min + small, max))),
            (4, Gen.Choose(0, int.MaxValue).Two().Select(two => min + (((long)two.Item1 << 31) | (long)two.Item2) % (max - min))));

    /// <summary>Half of it, and one less.</summary>
    public static IEnumerable<long> Smaller(long value) => value > 0 ? [value / 2, value - 1] : [];

    private static IEnumerable<T[]> Smaller<T>(T[] sequence, Func<T, IEnumerable<T>>? shrink)
    {
        var half = sequence.Length / 2;
        if (half > 1)
        {
            yield return sequence[..half];
            yield return sequence[half..];
        }

        for (var i = 0; i < sequence.Length; i++)
            yield return [.. sequence[..i], .. sequence[(i + 1)..]];

        for (var i = 0; shrink is not null && i < sequence.Length; i++)
        {
            foreach (var smaller in shrink(sequence[i]))
                yield return [.. sequence[..i], smaller, .. sequence[(i + 1)..]];
        }
    }
}
