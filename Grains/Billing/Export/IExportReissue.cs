using Orchestrator.Domain.Billing;

namespace Orchestrator.Grains.Billing.Export;

/// <summary>Batches that go out again under another identifier, and those that are asked back.</summary>
public interface IExportReissue
{
    /// <summary>
    /// Asks for a batch back that a sink took within the last day. Once it has given it back, what it was worth goes out anew,
    /// with what corrections took off it meanwhile. False when it is too late, or it is not with the sink: then corrections are netted.
    /// </summary>
    Task<bool> CancelAsync(Guid exportEvent, CancellationToken cancellationToken);

    /// <summary>
    /// Issues a batch anew that the sink surely does not count: refused, found wrong, or missing by reconciliation. It is for a
    /// person to say so, once the cause is mended; as long as it is not, a new one would only fail again. Safe to repeat.
    /// </summary>
    Task<bool> RequestAsync(Guid exportEvent, CancellationToken cancellationToken);

    /// <summary>
    /// A sink found batches wrong that it had taken for an account. Safe to repeat; those that went elsewhere are passed over:
    /// an account of another tenant may name what it likes.
    /// </summary>
    /// <returns>How many were with the sink until then.</returns>
    Task<int> FailAsync(string? account, IReadOnlyList<string> identifiers, string reason, CancellationToken cancellationToken);

    /// <summary>Makes the successors of batches that are to be issued anew: the items move, each to one successor (unique by <c>replaces</c>).</summary>
    /// <param name="except">Targets that failed a moment ago.</param>
    /// <param name="write">Writes the body.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Frozen> ReissueAsync(
        IReadOnlyCollection<Guid> except, Func<FreezingTarget, IReadOnlyList<ExportBatch>, IReadOnlyList<FrozenEvent>> write, CancellationToken cancellationToken);
}
