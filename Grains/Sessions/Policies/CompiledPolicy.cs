using System.Runtime.CompilerServices;
using Orchestrator.Domain.Policies;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>The policies of a session made ready for frames: what is enforced, and what is only recorded.</summary>
internal sealed record CompiledPolicy(FrameRules? Enforced, FrameRules? DryRun)
{
    /// <summary>Sessions that were opened under the same list share what was made of it.</summary>
    private static readonly ConditionalWeakTable<IReadOnlyList<FramePolicy>, CompiledPolicy> Made = [];

    /// <summary>The policies, made ready.</summary>
    public static CompiledPolicy Of(IReadOnlyList<FramePolicy> policies) => Made.GetValue(policies, Make);

    private static CompiledPolicy Make(IReadOnlyList<FramePolicy> policies) => new(Rules(policies, PolicyMode.Enforce), Rules(policies, PolicyMode.DryRun));

    private static FrameRules? Rules(IReadOnlyList<FramePolicy> policies, PolicyMode mode) =>
        PolicyCombination.Of(policies, mode) is { } combined ? new FrameRules(combined) : null;
}
