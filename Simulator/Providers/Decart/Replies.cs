using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart;

/// <summary>What the provider answers by itself: a pure function of the script and the client's message.</summary>
internal static class Replies
{
    /// <summary>The messages that answer a client's message, in order; often none.</summary>
    /// <param name="script">What the connection plays.</param>
    /// <param name="signal">The client's message.</param>
    /// <param name="sessionId">The connection's own id.</param>
    /// <param name="livekit">Where a client of dialect B is sent for its media.</param>
    public static byte[][] To(Script script, Signal signal, string sessionId, Uri livekit) => (signal.Type, script.Automatic) switch
    {
        ("offer", var on) when on.HasFlag(AutomaticReplies.Offers) && !script.AnswersOffers =>
            [DecartWire.Answer(sdp: null), DecartWire.IceCandidate(1), DecartWire.IceCandidate(2)],
        ("livekit_join", var on) when on.HasFlag(AutomaticReplies.LiveKit) && !script.AnswersJoins =>
            [DecartWire.RoomInfo(livekit, sessionId)],
        ("prompt", var on) when on.HasFlag(AutomaticReplies.Prompts) =>
            [DecartWire.PromptAck(signal.PromptJson ?? "null", Refusal(script, signal))],
        ("set_image", var on) when on.HasFlag(AutomaticReplies.Images) =>
            [DecartWire.SetImageAck(Refusal(script, signal))],
        _ => [],
    };

    private static string? Refusal(Script script, Signal signal) =>
        script.Refuses is { } text && signal.Prompt is { } prompt && prompt.Contains(text, StringComparison.OrdinalIgnoreCase)
            ? "content policy"
            : null;
}
