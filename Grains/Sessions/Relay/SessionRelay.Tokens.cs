using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Grains.Sessions.Journal;

namespace Orchestrator.Grains.Sessions.Relay;

/// <summary>Step 7 for what is counted by response: the provider tells it once a response is done, with an id that makes it count once.</summary>
public sealed partial class SessionRelay
{
    // Written by the pump that reads the upstream, and by nobody else.
    private readonly HashSet<TokenAnomaly> _oddTokens = [];

    /// <summary>Puts on record what a response used. It comes once for each of them, not for each frame.</summary>
    private void RecordUsage(TokenReport? report)
    {
        if (report is null)
        {
            // Without an id it may be one that was told before.
            Tell(response: null, TokenAnomaly.Malformed);
            return;
        }

        var usage = TokenRule.Read(report);
        foreach (var anomaly in usage.Anomalies)
            Tell(usage.Id, anomaly);
        _services.Billing.TokensTold(usage.Counts);
        var model = usage.Source is TokenSource.Transcription ? TokenReport.TranscriptionModel : null;
        _services.Journal.Add(new TokensUsed(Ownership, _services.Time.GetUtcNow(), model, usage));
    }

    /// <summary>Counts every anomaly, and puts the first of each kind on the timeline.</summary>
    private void Tell(string? response, TokenAnomaly anomaly)
    {
        _services.Billing.TokenAnomalyFound(anomaly);
        if (_oddTokens.Add(anomaly))
            _services.Journal.Add(Timeline.Anomaly(Ownership, _services.Time.GetUtcNow(), response, anomaly));
    }
}
