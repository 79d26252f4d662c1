using Orchestrator.Grains.Billing.Export;

namespace Orchestrator.Grains.Billing.Reconciliation;

/// <summary>What a sink counts in a span of time.</summary>
public sealed record CountedWindow(DateTimeOffset From, DateTimeOffset To, decimal Seconds);

/// <summary>What was read of a sink's count.</summary>
/// <param name="Windows">Those with usage; null when nothing could be read.</param>
/// <param name="Flaw">Why not.</param>
public sealed record SinkCount(IReadOnlyList<CountedWindow>? Windows, string? Flaw = null);

/// <summary>A sink's own count of what it was sent: the second opinion.</summary>
public interface IUsageCount
{
    /// <summary>Which kind of sink.</summary>
    SinkKind Kind { get; }

    /// <summary>Reads it, once. What goes wrong is an answer too.</summary>
    /// <param name="address">The customer's, with the credential if it has one of its own.</param>
    /// <param name="meter">Where it counts.</param>
    /// <param name="from">Inclusive; a whole multiple of the window.</param>
    /// <param name="to">Exclusive; likewise.</param>
    /// <param name="window">A day, an hour, or a minute for the whole span at once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<SinkCount> CountAsync(SinkAddress address, string meter, DateTimeOffset from, DateTimeOffset to, TimeSpan window, CancellationToken cancellationToken);
}
