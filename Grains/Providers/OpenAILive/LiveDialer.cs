using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Providers.OpenAILive;

/// <summary>Opens a session of the Live API, which is a call once its client's offer is there: there is no other way into one.</summary>
public sealed class LiveDialer(OpenAICalls calls) : IDialectDialer
{
    /// <inheritdoc/>
    public string Dialect => LiveDialect.Family;

    /// <inheritdoc/>
    public Task<DialOutcome> DialAsync(UpstreamRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new DialOutcome(calls.Open(request), default, Detail: null));
}
