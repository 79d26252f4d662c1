using System.Text.RegularExpressions;

namespace Orchestrator.Domain.Tenants;

/// <summary>How credentials of ours look, and how a text that should hold none is rid of them.</summary>
public static partial class CredentialText
{
    /// <summary>How every API key begins, so that people and secret scanners know it when they see it.</summary>
    public const string KeyPrefix = "ork_";

    /// <summary>How every client token begins, as the provider's do.</summary>
    public const string TokenPrefix = "ek_";

    /// <summary>Whether the text holds what looks like one.</summary>
    public static bool IsIn(string text) => Looks().IsMatch(text);

    /// <summary>The text with whatever looks like one starred out: clients put their key where it does not belong.</summary>
    public static string Redact(string text) => Looks().Replace(text, "***");

    // Shorter ones open nothing. Nothing in it goes back, so the time limit is never reached.
    [GeneratedRegex("(?:ork_|ek_)[A-Za-z0-9_-]{16,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Looks();
}
