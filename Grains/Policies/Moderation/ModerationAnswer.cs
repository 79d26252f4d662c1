using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Policies.Moderation;

/// <summary>What is to be judged.</summary>
/// <param name="Session">Of which session.</param>
/// <param name="Tenant">Whose that is.</param>
/// <param name="Model">What it opened.</param>
/// <param name="Frame">The client's frame; nobody writes to it while it is judged.</param>
/// <param name="Rules">Who judges, and where in the frame stands what.</param>
internal sealed record ModerationQuestion(string Session, TenantId Tenant, string Model, ReadOnlyMemory<byte> Frame, FrameRules Rules);

/// <summary>What a webhook said.</summary>
internal enum ModerationOutcome
{
    /// <summary>It may pass.</summary>
    Allowed,
    /// <summary>It may not.</summary>
    Denied,
    /// <summary>Nothing that counts.</summary>
    Failed,
}

/// <summary>What became of a question.</summary>
/// <param name="Outcome">What was said.</param>
/// <param name="IsRefusal">Whether the frame is refused for it.</param>
/// <param name="Reason">Why, in the webhook's words for the end user; null where it has none.</param>
/// <param name="Cause">What failed, in a word for operators.</param>
internal sealed record ModerationAnswer(ModerationOutcome Outcome, bool IsRefusal = false, string? Reason = null, string? Cause = null)
{
    /// <summary>It may pass.</summary>
    public static ModerationAnswer Allowed { get; } = new(ModerationOutcome.Allowed);

    /// <summary>Nobody judged it.</summary>
    public static ModerationAnswer Failed(string cause, FailMode mode = FailMode.Closed) => new(ModerationOutcome.Failed, mode is FailMode.Closed, Cause: cause);
}
