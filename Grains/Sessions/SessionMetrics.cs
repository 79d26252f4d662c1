using System.Diagnostics.Metrics;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Sessions;

/// <summary>What happened to sessions. Tags have few values: never a session, tenant or model.</summary>
public sealed class SessionMetrics
{
    private readonly Counter<long> _opened;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _reaped;
    private readonly Counter<long> _eventsDropped;
    private readonly Counter<long> _journalled;
    private readonly Counter<long> _journalFailures;
    private readonly Counter<long> _quarantined;
    private readonly Counter<long> _unknownTypes;

    /// <summary>Takes the program's meters.</summary>
    public SessionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Orchestrator.Sessions");
        _opened = meter.CreateCounter<long>("orchestrator.sessions.opened", "{session}", "Sessions admitted.");
        _refused = meter.CreateCounter<long>("orchestrator.sessions.refused", "{session}", "Sessions refused, by close code.");
        _ended = meter.CreateCounter<long>("orchestrator.sessions.ended", "{session}", "Sessions ended, by close code.");
        _reaped = meter.CreateCounter<long>("orchestrator.sessions.reaped", "{session}", "Sessions of lost processes finished by this one.");
        _eventsDropped = meter.CreateCounter<long>("orchestrator.sessions.events_dropped", "{event}", "Timeline events given up because too much waited.");
        _journalled = meter.CreateCounter<long>("orchestrator.sessions.journalled", "{entry}", "Journal entries written.");
        _journalFailures = meter.CreateCounter<long>("orchestrator.sessions.journal_failures", "{write}", "Journal writes that failed and are repeated.");
        _quarantined = meter.CreateCounter<long>("orchestrator.sessions.journal_quarantined", "{session}", "Sessions whose entries the database refuses.");
        _unknownTypes = meter.CreateCounter<long>("orchestrator.sessions.dialect_unknown_type", "{frame}", "Provider frames of a type the dialect does not name, by dialect.");
    }

    /// <summary>A session was admitted.</summary>
    public void SessionOpened() => _opened.Add(1);

    /// <summary>A session was refused.</summary>
    public void SessionRefused(CloseCode code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code.Entry().Name));

    /// <summary>A session ended.</summary>
    public void SessionEnded(CloseCode code) => _ended.Add(1, new KeyValuePair<string, object?>("code", code.Entry().Name));

    /// <summary>Sessions of a lost process were finished here.</summary>
    public void SessionsReaped(int count) => _reaped.Add(count);

    /// <summary>A timeline event was given up.</summary>
    public void EventDropped() => _eventsDropped.Add(1);

    /// <summary>Entries became durable.</summary>
    public void Journalled(int entries) => _journalled.Add(entries);

    /// <summary>A write failed and will be repeated.</summary>
    public void JournalFailed() => _journalFailures.Add(1);

    /// <summary>A session's entries were dropped because the database refuses them.</summary>
    public void JournalQuarantined() => _quarantined.Add(1);

    /// <summary>The provider sent a type that its dialect does not name.</summary>
    public void UnknownType(string dialect) => _unknownTypes.Add(1, new KeyValuePair<string, object?>("dialect", dialect));
}
