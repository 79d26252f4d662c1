namespace Orchestrator.Grains.Providers;

/// <summary>
/// A dialect's words for what a client without a WebSocket asks by HTTP: offers, candidates, prompts and images. Stateless. Each
/// method answers the text frames to send in the client's place, in order; none means that the dialect has no word for it.
/// </summary>
public interface ISignaling
{
    /// <summary>What comes before an offer, and the offer: of several frames the last, which waits until the provider says that it is ready.</summary>
    IReadOnlyList<byte[]> Offer(string sdp);

    /// <summary>A candidate as the JSON object that browsers make of one; null ends the list.</summary>
    IReadOnlyList<byte[]> Candidate(string? candidate);

    /// <summary>A prompt.</summary>
    IReadOnlyList<byte[]> Prompt(string prompt, bool enhance);

    /// <summary>An image in Base64, or null to take it away; perhaps with a prompt.</summary>
    IReadOnlyList<byte[]> Image(string? image, string? prompt, bool enhance);

    /// <summary>What a text frame of the provider says in these terms. Never throws.</summary>
    SignalingWord Read(ReadOnlySpan<byte> frame);
}

/// <summary>What a frame of the provider says to a client that asks by HTTP.</summary>
public enum SignalingWordKind
{
    /// <summary>Something else.</summary>
    Other,
    /// <summary>The provider waits for the offer; dialects that do not say so take it at once.</summary>
    Ready,
    /// <summary>The answer to the offer; its SDP is the text.</summary>
    Answer,
    /// <summary>A candidate, as the JSON object that browsers read; no text ends the list.</summary>
    Candidate,
    /// <summary>The prompt was taken, or was not for the reason in the text.</summary>
    PromptAnswer,
    /// <summary>The image was taken, or was not for the reason in the text.</summary>
    ImageAnswer,
    /// <summary>The provider complains.</summary>
    Error,
    /// <summary>The provider has no place; it says no more, and its words are in the text if it had any.</summary>
    Full,
    /// <summary>A server that the client's media may need on its way, as the JSON object that browsers read.</summary>
    IceServer,
}

/// <summary>One such word.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">SDP, candidate or reason.</param>
/// <param name="IsTaken">Of an answer to a prompt or an image: whether it was applied.</param>
public readonly record struct SignalingWord(SignalingWordKind Kind, string? Text = null, bool IsTaken = false);
