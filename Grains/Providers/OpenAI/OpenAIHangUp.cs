using System.Net;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>Hangs up the calls of a family.</summary>
internal sealed class OpenAIHangUp(ICallProtocol protocol, OpenAIApi api) : ICallHangUp
{
    /// <inheritdoc/>
    public string Dialect => protocol.Dialect;

    /// <inheritdoc/>
    public bool IsCall(string upstream) => protocol.IsCall(upstream);

    /// <inheritdoc/>
    public async Task<HangUpOutcome> HangUpAsync(ProviderEntry provider, string upstream, CancellationToken cancellationToken)
    {
        var answer = await api.TellAsync(provider, upstream, "hangup", body: null, cancellationToken);
        return answer.IsTaken ? HangUpOutcome.HungUp : answer.Status is HttpStatusCode.NotFound ? HangUpOutcome.WasOver : HangUpOutcome.Unknown;
    }
}
