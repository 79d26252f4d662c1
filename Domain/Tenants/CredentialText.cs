using System.Text.RegularExpressions;

namespace Orchestrator.Domain.Tenants;

/// <summary>How credentials of ours look, and how a text that should hold none is rid of them.</summary>
public static partial class CredentialText
{
    /// <summary>How every API key begins, so that people and secret scanners know it when they see it.</summary>
    public const string KeyPrefix = "ork_";

    /// <summary>How every token begins that lets somebody watch a session.</summary>
    public const string ObserverPrefix = "ot_";

    /// <summary>How every client token begins, as the provider's do, unless its tenant has a prefix of its own.</summary>
    public const string TokenPrefix = "ek_";

    /// <summary>How what is sealed begins, whatever stands before it: the mark of the key ring's format.</summary>
    public const string Seal = "CfDJ8";

    /// <summary>The longest prefix of a tenant's own, its last character included, which is an underscore.</summary>
    public const int MaxPrefix = 17;

    /// <summary>Whether tokens of a tenant may begin so; those of the program's own kinds stay theirs.</summary>
    public static bool IsTokenPrefix(string prefix) =>
        prefix.Length is >= 2 and <= MaxPrefix && prefix[^1] == '_' && prefix[..^1].All(char.IsAsciiLetterOrDigit) && prefix is not (KeyPrefix or ObserverPrefix);

    /// <summary>Whether the text holds what looks like one.</summary>
    public static bool IsIn(string text) => Looks().IsMatch(text);

    /// <summary>The text with whatever looks like one starred out: clients put their key where it does not belong.</summary>
    public static string Redact(string text) => Looks().Replace(text, "***");

    // Shorter ones open nothing. Nothing in it goes back, so the time limit is never reached.
    [GeneratedRegex("(?:ork_|ek_|[A-Za-z0-9]{1,16}_CfDJ8)[A-Za-z0-9_-]{16,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Looks();
}
