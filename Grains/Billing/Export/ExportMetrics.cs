using System.Diagnostics.Metrics;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>What happened to usage on its way out. Tagged with the kind of sink and nothing that names a tenant.</summary>
public sealed class ExportMetrics
{
    /// <summary>From this age of the oldest unsent batch on a person should look.</summary>
    public static readonly TimeSpan AlertAge = TimeSpan.FromMinutes(15);

    private readonly Counter<long> _frozen;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _retried;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _uncertain;
    private readonly Counter<long> _failed;
    private long _oldestTicks;

    /// <summary>Takes the program's meters.</summary>
    public ExportMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Orchestrator.Billing.Export");
        _frozen = meter.CreateCounter<long>("orchestrator.export.frozen", "{event}", "Batches frozen.");
        _sent = meter.CreateCounter<long>("orchestrator.export.sent", "{event}", "Batches that a sink has, tagged whether it had them already.");
        _retried = meter.CreateCounter<long>("orchestrator.export.retried", "{attempt}", "Attempts that are to be repeated.");
        _rejected = meter.CreateCounter<long>("orchestrator.export.rejected", "{event}", "Batches refused for good; a person must look.");
        _uncertain = meter.CreateCounter<long>("orchestrator.export.uncertain", "{event}", "Batches left to reconciliation.");
        _failed = meter.CreateCounter<long>("orchestrator.export.failed_async", "{event}", "Batches that a sink took and found wrong afterwards.");
        meter.CreateObservableGauge(
            "orchestrator.export.oldest_unsent", () => TimeSpan.FromTicks(Volatile.Read(ref _oldestTicks)).TotalSeconds, "s", "Age of the oldest unsent batch; alert at 900 s.");
    }

    /// <summary>Batches were frozen.</summary>
    public void Frozen(int events) => _frozen.Add(events);

    /// <summary>A sink has a batch.</summary>
    public void Sent(SinkKind sink, bool isDuplicate) => _sent.Add(1, Of(sink), new("duplicate", isDuplicate));

    /// <summary>An attempt is to be repeated.</summary>
    public void Retried(SinkKind sink) => _retried.Add(1, Of(sink));

    /// <summary>A batch was refused for good.</summary>
    public void Rejected(SinkKind sink) => _rejected.Add(1, Of(sink));

    /// <summary>A batch was left to reconciliation.</summary>
    public void Uncertain(SinkKind sink) => _uncertain.Add(1, Of(sink));

    /// <summary>A sink found batches wrong that it had taken.</summary>
    public void FoundWrong(int events) => _failed.Add(events);

    /// <summary>How long the oldest batch has waited.</summary>
    public void OldestUnsent(TimeSpan? age) => Volatile.Write(ref _oldestTicks, age.GetValueOrDefault().Ticks);

    private static KeyValuePair<string, object?> Of(SinkKind sink) => new("sink", sink.ToString());
}
