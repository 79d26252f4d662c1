namespace Orchestrator.Grains.Billing.Export;

/// <summary>The sinks that this installation has, by kind.</summary>
public sealed class UsageSinks(IEnumerable<IUsageSink> sinks)
{
    private readonly Dictionary<SinkKind, IUsageSink> _sinks = sinks.ToDictionary(sink => sink.Kind);

    /// <summary>The sink of that kind.</summary>
    public IUsageSink this[SinkKind kind] => _sinks.TryGetValue(kind, out var sink)
        ? sink
        : throw new InvalidOperationException($"No sink of this installation is of the kind {kind}.");
}
