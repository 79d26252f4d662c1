using Orchestrator.Grains.Policies.Moderation;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>What the policies of all sessions of the process share.</summary>
public sealed class PolicyServices(Moderator moderator, PolicyMetrics metrics, TimeProvider time)
{
    internal Moderator Moderator { get; } = moderator;
    internal PolicyMetrics Metrics { get; } = metrics;
    internal TimeProvider Time { get; } = time;
}
