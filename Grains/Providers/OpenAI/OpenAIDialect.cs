using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// OpenAI's Realtime API: JSON events on a WebSocket, or on a call whose media and data channel go past us and whose events we
/// hear on a sideband of our own. Nobody counts seconds in it, so our clock does.
/// </summary>
public sealed class OpenAIDialect : CallDialect
{
    /// <summary>The family's name.</summary>
    public const string Family = "openai";

    /// <summary>The subprotocol that browsers ask for, and insist on.</summary>
    public const string Subprotocol = "realtime";

    /// <summary>What the subprotocol begins with in which browsers, that can set no header, carry their credential.</summary>
    public const string CredentialSubprotocol = "openai-insecure-api-key.";

    /// <inheritdoc/>
    public override string Name => Family;

    /// <inheritdoc/>
    public override ClientLeg? Leg { get; } = new("/v1/realtime")
    {
        Subprotocol = Subprotocol,
        CredentialSubprotocol = CredentialSubprotocol,
        SidebandParameter = "call_id",
    };

    /// <inheritdoc/>
    public override FrameSignal ReadUpstream(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;

        return OpenAIEvents.OfProvider(ref type) switch
        {
            OpenAIEvent.Passed         => default,
            OpenAIEvent.Answer         => ReadAnswer(frame),
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
    public override FrameSignal ReadClient(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("offer"u8))
            return new FrameSignal(SignalKind.Offer);
        return new FrameSignal(OpenAIEvents.IsClients(ref type) ? SignalKind.None : SignalKind.Unknown);
    }
}
