using System.Collections.Frozen;

namespace Orchestrator.Grains.Providers;

/// <summary>Dials each provider as its dialect does.</summary>
public sealed class UpstreamDialer(IEnumerable<IDialectDialer> dialers) : IUpstreamDialer
{
    private readonly FrozenDictionary<string, IDialectDialer> _byDialect = dialers.ToFrozenDictionary(dialer => dialer.Dialect);

    /// <inheritdoc/>
    public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) =>
        _byDialect[request.Provider.Dialect.Name].DialAsync(request, cancellationToken);
}
