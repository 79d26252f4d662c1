using System.Text.Json;

namespace Orchestrator.Simulator.Demo;

/// <summary>A session as the gateway's API shows it, as far as the demo looks.</summary>
internal sealed record SessionView(
    string Id, string? EndUser, SessionView.Leg Upstream, SessionView.Money? Charge, DateTimeOffset CreatedAt, IReadOnlyList<SessionView.Generation>? Generations)
{
    /// <summary>The final mark as observers were told it; null where nobody asked them.</summary>
    public long? ObservedMarkMs { get; init; }

    internal sealed record Leg(string Provider, string? SessionId);

    internal sealed record Money(string Currency, string Text);

    internal sealed record Generation(int Run, decimal Seconds, IReadOnlyList<Range> Ledger, LockedPrice? Price);

    internal sealed record Range(decimal From, decimal To);

    internal sealed record LockedPrice(decimal MicrosPerSecond, string Rounding, int StepSeconds);
}

/// <summary>A page of <c>GET /v1/sessions</c>.</summary>
internal sealed record SessionList(IReadOnlyList<SessionView> Sessions);

/// <summary>What happened to a session.</summary>
internal sealed record TimelineView(IReadOnlyList<TimelineView.Happening> Events)
{
    internal sealed record Happening(int Sequence, DateTimeOffset At, string Kind, string? Phase, JsonElement? Detail);
}

/// <summary>A line of the simulator's truth.</summary>
internal sealed record TruthSummary(string SessionId, bool Open, long Ticks, long MaxMilliseconds, long? SpanMilliseconds = null, string? Model = null);
