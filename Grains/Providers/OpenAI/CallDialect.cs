using Orchestrator.Domain.Sessions;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>
/// What the families of calls have in common, whatever their events are: an offer opens one, nobody counts its seconds, so that our clock does, and
/// what is wrong is told by an <c>error</c> event.
/// </summary>
public abstract class CallDialect : IDialect
{
    /// <summary>The most that is kept of a provider's words.</summary>
    private const int MaxText = 256;

    /// <summary>The longest id that a client's event may have.</summary>
    private const int MaxEventId = 512;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract ClientLeg? Leg { get; }

    /// <inheritdoc/>
    public ISignaling? Signaling { get; } = new OpenAISignaling();

    /// <inheritdoc/>
    public MeteredBy MeteredBy(string? version) => Providers.MeteredBy.OwnClock;

    /// <inheritdoc/>
    public abstract FrameSignal ReadUpstream(ReadOnlySpan<byte> frame);

    /// <inheritdoc/>
    public abstract FrameSignal ReadClient(ReadOnlySpan<byte> frame);

    /// <inheritdoc/>
    public string? Version(ReadOnlySpan<byte> firstFrame) => Name;

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
        return [OpenAIMessages.Declined(reason, id is { Length: <= MaxEventId } ? id : null)];
    }

    /// <summary>Our own frame, from the call adapter: the call was answered, and this is its name.</summary>
    protected static FrameSignal ReadAnswer(ReadOnlySpan<byte> frame) => new(SignalKind.Answer, Text: Kept(FrameReader.ReadText(frame, "call_id"u8)));

    /// <summary>What is wrong; that a session has lasted as long as it may ends it.</summary>
    protected static FrameSignal ReadError(ReadOnlySpan<byte> frame)
    {
        var words = Kept(FrameReader.ReadText(frame, "error"u8, "message"u8));
        return FrameReader.ReadText(frame, "error"u8, "code"u8) is "session_expired"
            ? new FrameSignal(SignalKind.Expired, Text: words, End: GenerationEnd.Timeout)
            : new FrameSignal(SignalKind.Error, Text: words) { Ends = WhatEnds(FrameReader.ReadText(frame, "error"u8, "event_id"u8)) };
    }

    /// <summary>Settings of ours that the provider does not take: without them the session would be another than its tenant allows.</summary>
    private static CloseCode? WhatEnds(string? eventId) => eventId switch
    {
        OpenAISettings.SealedEvent   => CloseCode.InvalidRequest,
        OpenAISettings.RestoredEvent => CloseCode.PolicyViolation,
        _                            => null,
    };

    /// <summary>A name or words of the provider, as far as they are kept.</summary>
    protected static string? Kept(string? text) => text is null ? null : Printable.Of(text, MaxText);
}
