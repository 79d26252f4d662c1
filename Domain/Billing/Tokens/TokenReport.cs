namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>What a provider counted for.</summary>
public enum TokenSource
{
    /// <summary>A response of the session's model.</summary>
    Response,
    /// <summary>What the user said, written down by another model at its own price.</summary>
    Transcription,
}

/// <summary>Tokens of one direction as the provider told them: a total and its parts, each perhaps left out.</summary>
public readonly record struct TokenParts(long? Total, long? Text, long? Audio, long? Image);

/// <summary>
/// A provider's own count for one response, as it stood on the wire. All of it may be missing; what is missing is unknown. The
/// cached tokens are among those of the input, not beside them.
/// </summary>
/// <param name="Id">What the provider calls the response: it is counted once in a session, however often it is told.</param>
/// <param name="Source">What it counted for.</param>
/// <param name="Input">What was read.</param>
/// <param name="Cached">As much of that as came out of a cache.</param>
/// <param name="Output">What was written and spoken; it has no images.</param>
/// <param name="Total">Input and output together.</param>
/// <param name="TranscribedMs">Milliseconds, of a transcription that is not counted in tokens.</param>
/// <param name="IsMalformed">A count was told and is no believable number.</param>
public sealed record TokenReport(
    string Id, TokenSource Source, TokenParts Input = default, TokenParts Cached = default, TokenParts Output = default, long? Total = null,
    long? TranscribedMs = null, bool IsMalformed = false)
{
    /// <summary>
    /// The model that transcriptions are recorded and priced as: which one it is no event says, and a client may change it.
    /// </summary>
    public const string TranscriptionModel = "input_audio_transcription";

    /// <summary>The longest id that is taken for one.</summary>
    public const int MaxIdLength = 128;

    /// <summary>More than this of anything in one response is no believable number: a thousand of the largest contexts.</summary>
    public const long MaxCount = 1_000_000_000;
}

/// <summary>What did not add up in a provider's count. Each is counted; none is guessed away.</summary>
public enum TokenAnomaly
{
    /// <summary>A count was left out and follows from nothing else: it stays unknown and is not charged.</summary>
    Missing,
    /// <summary>How much was cached was left out: the whole input is charged as not cached.</summary>
    CacheUnknown,
    /// <summary>Parts do not add up to their total, or more was cached than was read.</summary>
    Inconsistent,
    /// <summary>A count was no believable number.</summary>
    Malformed,
}

/// <summary>What one response used, as it is recorded.</summary>
/// <param name="Id">The provider's id of it.</param>
/// <param name="Source">What it is for.</param>
/// <param name="Counts">By kind, none of them in another.</param>
/// <param name="Input">The provider's own total of the input.</param>
/// <param name="Output">The provider's own total of the output.</param>
/// <param name="Anomalies">What was odd about it, each once.</param>
public sealed record TokenUsage(string Id, TokenSource Source, TokenCounts Counts, long? Input, long? Output, IReadOnlyList<TokenAnomaly> Anomalies);
