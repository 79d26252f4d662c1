namespace Orchestrator.Domain.Billing.Tokens;

/// <summary>
/// What a provider counts of one response, each kind at its own price. The order is how counts and prices lie in arrays and
/// rows: kinds may be added at the end, and never move.
/// </summary>
public enum TokenKind
{
    /// <summary>Text that was read, and is not known to have come out of the provider's cache.</summary>
    TextIn,
    /// <summary>Audio that was heard.</summary>
    AudioIn,
    /// <summary>Images that were looked at.</summary>
    ImageIn,
    /// <summary>Text that came out of the provider's cache.</summary>
    CachedTextIn,
    /// <summary>Audio that came out of the provider's cache.</summary>
    CachedAudioIn,
    /// <summary>Images that came out of the provider's cache.</summary>
    CachedImageIn,
    /// <summary>Text that was written.</summary>
    TextOut,
    /// <summary>Audio that was spoken.</summary>
    AudioOut,
    /// <summary>Milliseconds of audio that were transcribed, by a model that counts time instead of tokens.</summary>
    TranscribedMs,
}

/// <summary>What the kinds have in common.</summary>
public static class TokenKinds
{
    /// <summary>How many there are.</summary>
    public const int Count = (int)TokenKind.TranscribedMs + 1;

    /// <summary>All of them, in their order.</summary>
    public static IReadOnlyList<TokenKind> All { get; } = Enum.GetValues<TokenKind>();

    /// <summary>The kind that a cached one would be if it were not; null for those that are not cached.</summary>
    public static TokenKind? Uncached(this TokenKind kind) => kind switch
    {
        TokenKind.CachedTextIn  => TokenKind.TextIn,
        TokenKind.CachedAudioIn => TokenKind.AudioIn,
        TokenKind.CachedImageIn => TokenKind.ImageIn,
        _                       => null,
    };
}
