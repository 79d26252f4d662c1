using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Providers.OpenAILive;

/// <summary>
/// OpenAI's Live API, the successor of its Realtime API and another contract: sessions are opened by an offer alone, their media and data channel go past
/// us, and we hear their events on an attachment of our own. They are billed by the second of voice, so our clock counts.
/// </summary>
public sealed class LiveDialect : CallDialect
{
    /// <summary>The family's name.</summary>
    public const string Family = "openai-live";

    /// <inheritdoc/>
    public override string Name => Family;

    /// <summary>Its clients have an offer; WebSockets only join.</summary>
    public override ClientLeg? Leg => null;

    /// <inheritdoc/>
    public override FrameSignal ReadUpstream(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("session.started"u8) || type.ValueTextEquals("session.updated"u8))
            return default;
        if (type.ValueTextEquals("answer"u8))
            return ReadAnswer(frame);
        // The second is our own, from the call adapter.
        if (type.ValueTextEquals("session.closed"u8) || type.ValueTextEquals("ended"u8))
            return new FrameSignal(SignalKind.Ended, End: GenerationEnd.Disconnect);
        return type.ValueTextEquals("error"u8) ? ReadError(frame) : new FrameSignal(SignalKind.Unknown);
    }

    /// <inheritdoc/>
    public override FrameSignal ReadClient(ReadOnlySpan<byte> frame)
    {
        if (!FrameReader.TryReadType(frame, out var type))
            return default;
        if (type.ValueTextEquals("offer"u8))
            return new FrameSignal(SignalKind.Offer);
        return type.ValueTextEquals("session.update"u8) || type.ValueTextEquals("session.close"u8) ? default : new FrameSignal(SignalKind.Unknown);
    }
}
