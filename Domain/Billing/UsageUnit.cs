using System.Text.Json;
using Orchestrator.Domain.Billing.Tokens;

namespace Orchestrator.Domain.Billing;

/// <summary>What a sink's meter sums up. The kinds of tokens keep the order of <see cref="TokenKind"/>.</summary>
public enum UsageUnit
{
    /// <summary>Seconds that were generated.</summary>
    Seconds,
    /// <summary><see cref="TokenKind.TextIn"/>.</summary>
    TextIn,
    /// <summary><see cref="TokenKind.AudioIn"/>.</summary>
    AudioIn,
    /// <summary><see cref="TokenKind.ImageIn"/>.</summary>
    ImageIn,
    /// <summary><see cref="TokenKind.CachedTextIn"/>.</summary>
    CachedTextIn,
    /// <summary><see cref="TokenKind.CachedAudioIn"/>.</summary>
    CachedAudioIn,
    /// <summary><see cref="TokenKind.CachedImageIn"/>.</summary>
    CachedImageIn,
    /// <summary><see cref="TokenKind.TextOut"/>.</summary>
    TextOut,
    /// <summary><see cref="TokenKind.AudioOut"/>.</summary>
    AudioOut,
    /// <summary><see cref="TokenKind.TranscribedMs"/>.</summary>
    TranscribedMs,
}

/// <summary>What the units have in common.</summary>
public static class UsageUnits
{
    /// <summary>An amount of it for a person, such as <c>61 s</c> or <c>1200 text_in</c>.</summary>
    public static string Words(this UsageUnit unit, decimal amount) =>
        FormattableString.Invariant($"{amount:0.###} {(unit is UsageUnit.Seconds ? "s" : JsonNamingPolicy.SnakeCaseLower.ConvertName(unit.ToString()))}");

    /// <summary>The kind of tokens that a unit is; null for seconds.</summary>
    public static TokenKind? Kind(this UsageUnit unit) => unit is UsageUnit.Seconds ? null : (TokenKind)((int)unit - 1);
}
