namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>
/// Step 7 for tokens: from a provider's count with its totals, parts and cached parts to kinds that do not overlap. A part that
/// was left out is known where the total leaves but one value for it; else it stays unknown.
/// </summary>
public static class TokenRule
{
    /// <summary>What a report says was used.</summary>
    public static TokenUsage Read(TokenReport report)
    {
        var anomalies = new SortedSet<TokenAnomaly>();
        if (report.IsMalformed)
            anomalies.Add(TokenAnomaly.Malformed);
        if (report.TranscribedMs is { } milliseconds)
            return Usage(report, new TokenCounts(0, 0, 0, 0, 0, 0, 0, 0, milliseconds), anomalies);

        var input = Complete(report.Input, anomalies, TokenAnomaly.Missing);
        var cached = Complete(Bounded(report.Cached, input), anomalies, TokenAnomaly.CacheUnknown);
        var output = Complete(report.Output with { Image = 0 }, anomalies, TokenAnomaly.Missing);
        if (report is { Total: { } total, Input.Total: { } read, Output.Total: { } written } && read + written != total)
            anomalies.Add(TokenAnomaly.Inconsistent);

        var (text, cachedText) = Split(input.Text, cached.Text, anomalies);
        var (audio, cachedAudio) = Split(input.Audio, cached.Audio, anomalies);
        var (image, cachedImage) = Split(input.Image, cached.Image, anomalies);
        return Usage(report, new TokenCounts(text, audio, image, cachedText, cachedAudio, cachedImage, output.Text, output.Audio, 0), anomalies);
    }

    private static TokenUsage Usage(TokenReport report, TokenCounts counts, SortedSet<TokenAnomaly> anomalies) =>
        new(report.Id, report.Source, counts, report.Input.Total, report.Output.Total, [.. anomalies]);

    private static TokenParts Complete(TokenParts told, SortedSet<TokenAnomaly> anomalies, TokenAnomaly missing)
    {
        long?[] parts = [told.Text, told.Audio, told.Image];
        var unknown = parts.Count(part => part is null);
        var left = told.Total - parts.Sum();
        if (left < 0 || (unknown == 0 && left > 0))
            anomalies.Add(TokenAnomaly.Inconsistent);
        // One unknown part is what the others leave; several are known where there is nothing left for them.
        if (left >= 0 && (unknown == 1 || left == 0))
            return told with { Text = told.Text ?? left, Audio = told.Audio ?? left, Image = told.Image ?? left };
        if (unknown > 0)
            anomalies.Add(missing);
        return told;
    }

    /// <summary>Of what was not read at all nothing was cached.</summary>
    private static TokenParts Bounded(TokenParts cached, TokenParts input) => cached with
    {
        Text = cached.Text ?? (input.Text == 0 ? 0 : null),
        Audio = cached.Audio ?? (input.Audio == 0 ? 0 : null),
        Image = cached.Image ?? (input.Image == 0 ? 0 : null),
    };

    private static (long? Uncached, long? Cached) Split(long? read, long? cached, SortedSet<TokenAnomaly> anomalies)
    {
        if (cached > read)
            anomalies.Add(TokenAnomaly.Inconsistent);
        var within = cached > read ? read : cached;
        return (read - (within ?? 0), within);
    }
}
