using System.Net;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>Hangs up calls of the Realtime API.</summary>
public sealed class OpenAIHangUp(OpenAIApi api) : ICallHangUp
{
    /// <inheritdoc/>
    public string Dialect => OpenAIDialect.Family;

    /// <inheritdoc/>
    public bool IsCall(string upstream) => upstream.StartsWith("rtc_", StringComparison.Ordinal);

    /// <inheritdoc/>
    public async Task<HangUpOutcome> HangUpAsync(ProviderEntry provider, string upstream, CancellationToken cancellationToken)
    {
        var answer = await api.TellAsync(provider, upstream, "hangup", body: null, cancellationToken);
        return answer.IsTaken ? HangUpOutcome.HungUp : answer.Status is HttpStatusCode.NotFound ? HangUpOutcome.WasOver : HangUpOutcome.Unknown;
    }
}
