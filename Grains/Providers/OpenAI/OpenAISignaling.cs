namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// The offer and answer of a call. Candidates have no word: all of the provider's are in its answer, and it learns the client's
/// from their connectivity checks. Nor has a prompt: what a session is told is up to its own events.
/// </summary>
public sealed class OpenAISignaling : ISignaling
{
    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Offer(string sdp) => [OpenAIMessages.Offer(sdp, session: null)];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Candidate(string? candidate) => [];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Prompt(string prompt, bool enhance) => [];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Image(string? image, string? prompt, bool enhance) => [];

    /// <inheritdoc/>
    public SignalingWord Read(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("answer"u8))
            return new(SignalingWordKind.Answer, FrameReader.ReadText(frame, "sdp"u8));
        return type.ValueTextEquals("error"u8) ? new(SignalingWordKind.Error, FrameReader.ReadText(frame, "error"u8, "message"u8)) : default;
    }
}
