using System.Text.Json;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>Offer and candidates; for prompts and images the protocol has no words.</summary>
public sealed class LiveStylerSignaling(bool isOlder) : ISignaling
{
    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Offer(string sdp) => isOlder
        ? [LiveStylerMessages.Offer(sdp, isOlder)]
        : [LiveStylerMessages.SessionStart, LiveStylerMessages.Offer(sdp, isOlder)];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Candidate(string? candidate)
    {
        // There is no documented end of the list, and nothing is said in its place.
        if (candidate is null)
            return [];
        using var json = JsonDocument.Parse(candidate);
        return json.RootElement.ValueKind is JsonValueKind.Object ? [LiveStylerMessages.Candidate(json.RootElement, isOlder)] : [];
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Prompt(string prompt, bool enhance) => [];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Image(string? image, string? prompt, bool enhance) => [];

    /// <inheritdoc/>
    public SignalingWord Read(ReadOnlySpan<byte> frame)
    {
        if (FrameReader.TryReadType(frame, out var type))
        {
            if (type.ValueTextEquals("answer"u8))
                return new(SignalingWordKind.Answer, FrameReader.ReadText(frame, "sdp"u8) ?? OlderAnswer(frame));
            if (type.ValueTextEquals("candidate"u8))
                return new(SignalingWordKind.Candidate, FrameReader.ReadObject(frame, "candidate"u8));
            if (type.ValueTextEquals("ice_candidate"u8))
                return new(SignalingWordKind.Candidate, OlderCandidate(frame));
            if (type.ValueTextEquals("node_status"u8))
            {
                return FrameReader.ReadText(frame, "status"u8) switch
                {
                    "waiting" => new(SignalingWordKind.Ready),
                    "full"    => new(SignalingWordKind.Full),
                    _         => default,
                };
            }
        }

        if (LiveStylerErrors.Find(frame) is { } complaint)
            return new(SignalingWordKind.Full, complaint);
        // What we say ourselves, in the provider's place.
        return FrameReader.ReadText(frame, "type"u8) is "error" ? new(SignalingWordKind.Error, FrameReader.ReadText(frame, "message"u8)) : default;
    }

    // The older page has "{answer data}" and "{ice candidate data}" where the payload should be shown: a description or a candidate as
    // it is, or in `data` as the offer's.

    private static string? OlderAnswer(ReadOnlySpan<byte> frame) => InPayload(frame, payload =>
        payload.ValueKind is JsonValueKind.String ? payload.GetString()
        : payload.TryGetProperty("sdp", out var sdp) && sdp.ValueKind is JsonValueKind.String ? sdp.GetString()
        : null);

    private static string? OlderCandidate(ReadOnlySpan<byte> frame) => InPayload(frame, payload =>
        payload.ValueKind is not JsonValueKind.Object ? null
        : payload.TryGetProperty("candidate", out var inner) && inner.ValueKind is JsonValueKind.Object ? inner.GetRawText()
        : payload.GetRawText());

    private static string? InPayload(ReadOnlySpan<byte> frame, Func<JsonElement, string?> read)
    {
        try
        {
            var reader = new Utf8JsonReader(frame);
            using var json = JsonDocument.ParseValue(ref reader);
            if (!json.RootElement.TryGetProperty("payload", out var payload))
                return null;
            return read(payload.ValueKind is JsonValueKind.Object && payload.TryGetProperty("data", out var data) ? data : payload);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken off, or with text that is no Unicode.
            return null;
        }
    }
}
