using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Grains.Sessions.Policies;

namespace Orchestrator.Grains.Sessions.Journal;

/// <summary>How what happened to a session reads on its timeline. Kinds are part of the API and never change.</summary>
public static class Timeline
{
    /// <summary>The one last event of every session.</summary>
    public const string SessionEnded = "session_ended";

    private static readonly FrozenDictionary<Type, string> Kinds = typeof(SessionEvent)
        .GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToFrozenDictionary(attribute => attribute.DerivedType, attribute => (string)attribute.TypeDiscriminator!);

    /// <summary>An event of the machine, with the phase it led to when that is another one.</summary>
    public static TimelineEvent Of(SessionOwnership ownership, DateTimeOffset at, SessionEvent @event, SessionPhase? phase)
    {
        var detail = Clean(JsonSerializer.Serialize(@event, @event.GetType(), ContractJson.Options));
        return new TimelineEvent(ownership, ownership.NextSequence(), at, Kinds[@event.GetType()], phase, detail == "{}" ? null : detail);
    }

    /// <summary>Frames that the tenant's server sent to the provider.</summary>
    public static TimelineEvent Steered(SessionOwnership ownership, DateTimeOffset at, SteeringMark mark)
    {
        var detail = Clean(JsonSerializer.Serialize(new { by = mark.By, frame = mark.Type, frames = mark.Frames }, ContractJson.Options));
        return new TimelineEvent(ownership, ownership.NextSequence(), at, "steered", Phase: null, detail);
    }

    /// <summary>Those who joined to watch at the provider.</summary>
    public static TimelineEvent Watched(SessionOwnership ownership, DateTimeOffset at, SteeringMark mark)
    {
        var detail = Clean(JsonSerializer.Serialize(new { by = mark.By, way = mark.Type, watchers = mark.Frames }, ContractJson.Options));
        return new TimelineEvent(ownership, ownership.NextSequence(), at, "watched", Phase: null, detail);
    }

    /// <summary>Something about the provider's count of tokens that was missing or did not add up.</summary>
    public static TimelineEvent Anomaly(SessionOwnership ownership, DateTimeOffset at, string? response, TokenAnomaly anomaly)
    {
        var detail = Clean(JsonSerializer.Serialize(new { response, anomaly }, ContractJson.Options));
        return new TimelineEvent(ownership, ownership.NextSequence(), at, "token_anomaly", Phase: null, detail);
    }

    /// <summary>Something about the provider's counter that did not add up.</summary>
    public static TimelineEvent Anomaly(
        SessionOwnership ownership, DateTimeOffset at, int run, MeterAnomaly anomaly, long? claimedMs, long markMs)
    {
        var detail = JsonSerializer.Serialize(new { run, anomaly, claimedMs, markMs }, ContractJson.Options);
        return new TimelineEvent(ownership, ownership.NextSequence(), at, "meter_anomaly", Phase: null, detail);
    }

    /// <summary>A frame that went against a policy; what it said is not told.</summary>
    internal static TimelineEvent Violated(SessionOwnership ownership, DateTimeOffset at, Violation violation) =>
        new(ownership, ownership.NextSequence(), at, "policy_violation", Phase: null, JsonSerializer.Serialize(violation, ContractJson.Options));

    // The database takes every character but the one that a peer's words should not hold anyway.
    private static string Clean(string json) => json.Replace("\\u0000", "\\ufffd", StringComparison.Ordinal);
}
