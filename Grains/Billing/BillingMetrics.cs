using System.Diagnostics.Metrics;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Billing.Tokens;

namespace Orchestrator.Grains.Billing;

/// <summary>What happened to seconds on their way to the ledger. Never tagged with a session or tenant.</summary>
public sealed class BillingMetrics
{
    private readonly Histogram<double> _flush;
    private readonly Counter<long> _marks;
    private readonly Counter<long> _flushFailures;
    private readonly Counter<long> _leasesLost;
    private readonly Counter<long> _anomalies;
    private readonly Counter<long> _undurable;
    private readonly Counter<long> _settled;
    private readonly Counter<long> _settlementFailures;
    private readonly Counter<long> _quarantined;
    private readonly Counter<long> _blind;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _tokenAnomalies;

    /// <summary>Takes the program's meters.</summary>
    public BillingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Orchestrator.Billing");
        _flush = meter.CreateHistogram<double>("orchestrator.billing.flush.duration", "s", "Time one mark flush took; alert at 0.4 s.");
        _marks = meter.CreateCounter<long>("orchestrator.billing.marks", "{mark}", "Marks made durable.");
        _flushFailures = meter.CreateCounter<long>("orchestrator.billing.flush.failures", "{flush}", "Flushes whose outcome is unknown.");
        _leasesLost = meter.CreateCounter<long>("orchestrator.billing.leases_lost", "{lease}", "Times this process was declared dead and went on.");
        _anomalies = meter.CreateCounter<long>("orchestrator.billing.meter.anomalies", "{anomaly}", "Provider seconds that did not add up.");
        _undurable = meter.CreateCounter<long>("orchestrator.billing.ended_forwarded_undurable", "{generation}", "Ends told to a client before they were durable.");
        _settled = meter.CreateCounter<long>("orchestrator.billing.settled", "ms", "Milliseconds moved from marks to the ledger.");
        _settlementFailures = meter.CreateCounter<long>("orchestrator.billing.settlement.failures", "{settlement}", "Settlements whose outcome is unknown.");
        _quarantined = meter.CreateCounter<long>("orchestrator.billing.settlement.quarantined", "{session}", "Sessions that alone could not be settled.");
        _blind = meter.CreateCounter<long>("orchestrator.billing.hold.blind", "ms", "Milliseconds that sessions went beyond their holds while nobody could be asked.");
        _tokens = meter.CreateCounter<long>("orchestrator.billing.tokens", "{token}", "Tokens that providers told, by kind; milliseconds of what was transcribed by time.");
        _tokenAnomalies = meter.CreateCounter<long>("orchestrator.billing.token.anomalies", "{anomaly}", "Token counts that were missing or did not add up.");
    }

    /// <summary>A flush succeeded.</summary>
    public void Flushed(int marks, TimeSpan took)
    {
        _flush.Record(took.TotalSeconds);
        _marks.Add(marks);
    }

    /// <summary>A flush failed.</summary>
    public void FlushFailed() => _flushFailures.Add(1);

    /// <summary>The lease was found lost.</summary>
    public void LeaseLost() => _leasesLost.Add(1);

    /// <summary>The meter found something odd.</summary>
    public void AnomalyFound(MeterAnomaly anomaly) => _anomalies.Add(1, new KeyValuePair<string, object?>("anomaly", anomaly.ToString()));

    /// <summary>A client heard of an end that was not durable within the limit.</summary>
    public void EndedForwardedUndurable() => _undurable.Add(1);

    /// <summary>Milliseconds reached the ledger.</summary>
    public void Settled(long milliseconds) => _settled.Add(milliseconds);

    /// <summary>Nobody could be asked to settle.</summary>
    public void SettlementFailed() => _settlementFailures.Add(1);

    /// <summary>One session cannot be settled; a person should look.</summary>
    public void SettlementQuarantined() => _quarantined.Add(1);

    /// <summary>A provider told what a response used.</summary>
    public void TokensTold(TokenCounts counts)
    {
        foreach (var kind in TokenKinds.All.Where(kind => counts.Known(kind) > 0))
            _tokens.Add(counts.Known(kind), new KeyValuePair<string, object?>("kind", kind.ToString()));
    }

    /// <summary>A count of tokens was odd.</summary>
    public void TokenAnomalyFound(TokenAnomaly anomaly) => _tokenAnomalies.Add(1, new KeyValuePair<string, object?>("anomaly", anomaly.ToString()));

    /// <summary>A session goes on beyond its hold.</summary>
    public void WentOnBlind(TimeSpan by) => _blind.Add((long)by.TotalMilliseconds);
}
