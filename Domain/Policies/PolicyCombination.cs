namespace Orchestrator.Domain.Policies;

/// <summary>What several policies come to that are held in the same way.</summary>
/// <param name="Rules">The stricter of each rule. Its mode and its moderation say nothing.</param>
/// <param name="Moderations">All who judge; each must let a frame pass.</param>
public sealed record CombinedPolicy(FramePolicy Rules, IReadOnlyList<ModerationRule> Moderations);

/// <summary>
/// Policies from the root of a tree down to a token, as one: what is set above binds, so the stricter of each rule counts, and the
/// order does not. Those that are enforced and those that are only recorded are combined apart: a trial below lifts nothing above.
/// </summary>
public static class PolicyCombination
{
    /// <summary>Those of one mode, combined; null when there is none.</summary>
    public static CombinedPolicy? Of(IEnumerable<FramePolicy> policies, PolicyMode mode)
    {
        var layers = policies.Where(policy => policy.Mode == mode).ToList();
        if (layers.Count == 0)
            return null;
        var rules = new FramePolicy(
            mode,
            Combine(layers.Select(policy => policy.Client)),
            Combine(layers.Select(policy => policy.Upstream)),
            All(layers.Select(policy => policy.Locked)),
            layers.Max(policy => policy.OnSideband),
            Texts(layers),
            Images(layers),
            // Of two rates neither is the stricter: ten a second and a hundred a minute both count.
            All(layers.Select(policy => policy.Rates)));
        return new CombinedPolicy(rules, [.. layers.Select(policy => policy.Moderation).OfType<ModerationRule>().Distinct()]);
    }

    private static TypeList? Combine(IEnumerable<TypeList?> lists)
    {
        var known = lists.OfType<TypeList>().ToList();
        var allowed = known.Select(list => list.Allowed).OfType<IReadOnlyList<string>>().ToList();
        IReadOnlyList<string>? common = allowed.Count == 0
            ? null
            : [.. allowed.Aggregate(allowed[0].AsEnumerable(), (left, list) => left.Intersect(list, StringComparer.Ordinal))];
        var denied = All(known.Select(list => list.Denied));
        return common is null && denied is null ? null : new TypeList(common, denied);
    }

    private static IReadOnlyList<TextRule>? Texts(IEnumerable<FramePolicy> layers) =>
        All(layers.Select(policy => policy.Texts))?.GroupBy(rule => (rule.Type, rule.Path)).Select(group => group.MinBy(rule => rule.MaxCharacters)!).ToList();

    private static IReadOnlyList<ImageRule>? Images(IEnumerable<FramePolicy> layers) =>
        All(layers.Select(policy => policy.Images))?.GroupBy(rule => (rule.Type, rule.Path)).Select(group => group.Aggregate(Stricter)).ToList();

    private static ImageRule Stricter(ImageRule one, ImageRule other) => one with
    {
        MaxBytes = Smaller(one.MaxBytes, other.MaxBytes),
        Formats = Common(one.Formats, other.Formats),
    };

    /// <summary>The smaller of two limits, where null is none.</summary>
    internal static int? Smaller(int? one, int? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;

    /// <summary>What both lists have, where null is all there is.</summary>
    internal static IReadOnlyList<ImageFormat>? Common(IReadOnlyList<ImageFormat>? one, IReadOnlyList<ImageFormat>? other) =>
        one is not null && other is not null ? [.. one.Intersect(other)] : one ?? other;

    private static List<T>? All<T>(IEnumerable<IReadOnlyList<T>?> lists)
    {
        var all = lists.OfType<IReadOnlyList<T>>().SelectMany(list => list).Distinct().ToList();
        return all.Count == 0 ? null : all;
    }
}
