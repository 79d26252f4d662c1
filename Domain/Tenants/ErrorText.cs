using System.Text;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Domain.Tenants;

/// <summary>What a tenant's clients are told instead of the catalogue's words.</summary>
/// <param name="Code">Of which line of the catalogue.</param>
/// <param name="Text">The words.</param>
public sealed record ErrorText(CloseCode Code, string Text)
{
    /// <summary>The most bytes that a close frame has room for.</summary>
    public const int MaxBytes = 123;

    /// <summary>
    /// On one of these published clients stop trying again; the words of a refusal that is permanent need one, whoever wrote them.
    /// </summary>
    public static IReadOnlyList<string> StopPhrases { get; } = ["unauthorized", "not allowed", "permission denied", "invalid api key", "invalid session"];

    /// <summary>Why these words cannot stand for that line, or null.</summary>
    public static string? WhyNot(CloseCode code, string text) =>
        text.Length == 0 || Encoding.UTF8.GetByteCount(text) > MaxBytes || text.Any(char.IsControl) ? $"must be one line of 1 to {MaxBytes} bytes"
        : (code.Entry().Advice, StopPhrases.Any(phrase => text.Contains(phrase, StringComparison.OrdinalIgnoreCase))) switch
        {
            (CloseAdvice.StayAway, false) => $"must hold one of: {string.Join(", ", StopPhrases)}; without it published clients try again and again",
            (CloseAdvice.ComeBack, true)  => $"must hold none of: {string.Join(", ", StopPhrases)}; with it published clients do not try again",
            _                             => null,
        };
}
