using Orchestrator.Domain.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Providers.Labelling;

/// <summary>The words in which the clients of one tenant are told things: the catalogue's, or the tenant's own in their place.</summary>
/// <param name="texts">The tenant's own; null for none.</param>
public sealed class Wording(IReadOnlyList<ErrorText>? texts)
{
    /// <summary>The catalogue's.</summary>
    public static Wording Usual { get; } = new(null);

    /// <summary>The words for a line of the catalogue.</summary>
    public string Of(CloseCode code) => Own(code) ?? code.Entry().Reason;

    /// <summary>The close frame for it.</summary>
    public WireClose CloseFor(CloseCode code) => new(code.Entry().Wire, Of(code));

    /// <summary>Frames of a dialect that hold the catalogue's words for it, with the tenant's own in their place.</summary>
    public IReadOnlyList<byte[]> In(IReadOnlyList<byte[]> frames, CloseCode code) => Own(code) is { } own
        ? [.. frames.Select(frame => FrameRewriter.Rewrite(frame, (_, _, text) => text == code.Entry().Reason ? own : null) ?? frame)]
        : frames;

    /// <summary>
    /// A provider's error without what tells who it is: each text of it that does is replaced by the words for the same cause, in the
    /// form that the provider gave it. Null where nothing tells; empty where only the whole of it could be left out.
    /// </summary>
    public byte[]? Label(ReadOnlySpan<byte> error, in FrameSignal signal, ProviderNames names, IDialect dialect)
    {
        if (!names.AreIn(System.Text.Encoding.UTF8.GetString(error)) && !(signal.Text is { } told && names.AreIn(told)))
            return null;
        var cause = CauseOf(signal);
        var words = Of(cause);
        if (FrameRewriter.Rewrite(error, (_, _, text) => names.AreIn(text) ? words : null) is { } labelled && !names.AreIn(System.Text.Encoding.UTF8.GetString(labelled)))
            return labelled;
        // It stands where it cannot be replaced, in a name for one: the dialect's own form has to do.
        return In(dialect.Refusal(cause), cause) is [var frame, ..] ? frame : [];
    }

    /// <summary>Which line of the catalogue says the same as a provider's error.</summary>
    internal static CloseCode CauseOf(in FrameSignal signal) => signal switch
    {
        { Node: NodeStatus.Full }                                                        => CloseCode.UpstreamFull,
        { Kind: SignalKind.Expired }                                                     => CloseCode.ProviderTimeout,
        { Text: { } text } when Says(text, "moderation", "content policy", "safety")     => CloseCode.ModerationViolation,
        { Text: { } text } when Says(text, "credit", "quota", "billing", "api key", "unauthorized") => CloseCode.ProviderRefused,
        { Text: { } text } when Says(text, "timeout", "timed out", "maximum duration")   => CloseCode.ProviderTimeout,
        _                                                                                => CloseCode.ProviderError,
    };

    private static bool Says(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private string? Own(CloseCode code) => texts?.FirstOrDefault(text => text.Code == code)?.Text;
}
