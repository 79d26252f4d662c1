using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// OpenAI's Realtime API: JSON events on a WebSocket, or on a call whose media and data channel go past us and whose events we
/// hear on a sideband of our own. Nobody counts seconds in it, so our clock does.
/// </summary>
public sealed class OpenAIDialect : IDialect
{
    /// <summary>The family's name.</summary>
    public const string Family = "openai";

    /// <summary>The subprotocol that browsers ask for, and insist on.</summary>
    public const string Subprotocol = "realtime";

    /// <summary>What the subprotocol begins with in which browsers, that can set no header, carry their credential.</summary>
    public const string CredentialSubprotocol = "openai-insecure-api-key.";

    /// <summary>The most that is kept of a provider's words.</summary>
    private const int MaxText = 256;

    /// <summary>The longest id that a client's event may have.</summary>
    private const int MaxEventId = 512;

    /// <inheritdoc/>
    public string Name => Family;

    /// <inheritdoc/>
    public ClientLeg? Leg { get; } = new("/v1/realtime")
    {
        Subprotocol = Subprotocol,
        CredentialSubprotocol = CredentialSubprotocol,
        SidebandParameter = "call_id",
    };

    /// <inheritdoc/>
    public ISignaling? Signaling { get; } = new OpenAISignaling();

    /// <inheritdoc/>
    public MeteredBy MeteredBy(string? version) => Providers.MeteredBy.OwnClock;

    /// <inheritdoc/>
    public FrameSignal ReadUpstream(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;

        return OpenAIEvents.OfProvider(ref type) switch
        {
            OpenAIEvent.Passed         => default,
            OpenAIEvent.Answer         => new FrameSignal(SignalKind.Answer, Text: Kept(FrameReader.ReadText(frame, "call_id"u8))),
            // On a WebSocket the session is there once it is created; on a call it was answered before, and this tells nothing new.
            OpenAIEvent.SessionCreated => new FrameSignal(SignalKind.Answer, Text: Kept(FrameReader.ReadText(frame, "session"u8, "id"u8))),
            // What the provider bills by; seconds do not depend on it.
            OpenAIEvent.ResponseDone   => ResponseUsage.OfResponse(frame),
            OpenAIEvent.Transcribed    => ResponseUsage.OfTranscription(frame),
            OpenAIEvent.Ended          => new FrameSignal(SignalKind.Ended, End: GenerationEnd.Disconnect),
            OpenAIEvent.Error          => ReadError(frame),
            _                          => new FrameSignal(SignalKind.Unknown),
        };
    }

    /// <inheritdoc/>
    public FrameSignal ReadClient(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("offer"u8))
            return new FrameSignal(SignalKind.Offer);
        return new FrameSignal(OpenAIEvents.IsClients(ref type) ? SignalKind.None : SignalKind.Unknown);
    }

    /// <inheritdoc/>
    public string? Version(ReadOnlySpan<byte> firstFrame) => Family;

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Refusal(CloseCode code) => [OpenAIMessages.Error(code)];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Farewell(CloseCode code, long? generatedMs) =>
        // The duration that we allow ends a session as the provider's own does: with an error that says so.
        code.Entry().Advice is CloseAdvice.Ended && code is not CloseCode.DurationLimit ? [] : [OpenAIMessages.Error(code)];

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Decline(ReadOnlySpan<byte> frame, string reason)
    {
        var id = FrameReader.ReadText(frame, "event_id"u8);
        return [OpenAIMessages.Error("event_declined", "invalid_request_error", "not_allowed", reason, id is { Length: <= MaxEventId } ? id : null)];
    }

    private static FrameSignal ReadError(ReadOnlySpan<byte> frame)
    {
        if (FrameReader.ReadText(frame, "error"u8, "code"u8) is "session_expired")
            return new FrameSignal(SignalKind.Ended, End: GenerationEnd.Timeout);
        return new FrameSignal(SignalKind.Error, Text: Kept(FrameReader.ReadText(frame, "error"u8, "message"u8)));
    }

    private static string? Kept(string? text) => text is null ? null : Printable.Of(text, MaxText);
}
