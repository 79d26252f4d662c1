using System.Diagnostics.Metrics;
using System.Text.Json;
using Orchestrator.Domain.Policies;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>What went against policies, and how webhooks judged. Tags have few values: never a session, tenant or type.</summary>
public sealed class PolicyMetrics
{
    private readonly Counter<long> _violations;
    private readonly Counter<long> _judged;
    private readonly Histogram<double> _judging;

    /// <summary>Takes the program's meters.</summary>
    public PolicyMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Orchestrator.Policies");
        _violations = meter.CreateCounter<long>("orchestrator.policy.violations", "{frame}", "Frames that went against a policy, by rule, mode and direction.");
        _judged = meter.CreateCounter<long>("orchestrator.policy.moderation.judged", "{frame}", "Frames that a webhook was asked about, by what it said.");
        _judging = meter.CreateHistogram<double>("orchestrator.policy.moderation.duration", "s", "How long webhooks took.");
    }

    /// <summary>How a name of ours is written.</summary>
    internal static string WordOf<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    internal void Violated(PolicyRule rule, PolicyMode mode, string direction) => _violations.Add(
        1, new("rule", WordOf(rule)), new("mode", WordOf(mode)), new("direction", direction));

    internal void Judged(string outcome, TimeSpan took)
    {
        _judged.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _judging.Record(took.TotalSeconds);
    }
}
