namespace Orchestrator.Domain.Sessions.Signaling;

/// <summary>What a request says with <c>If-Match</c>.</summary>
public enum TagMatch
{
    /// <summary>Nothing: it has to.</summary>
    Missing,
    /// <summary>The tag that counts now is among those it names.</summary>
    Current,
    /// <summary>It names others.</summary>
    Stale,
    /// <summary><c>*</c>, or the same in quotes, as the example of RFC 9725 has it: whatever counts now.</summary>
    Any,
}

/// <summary>Strong entity tags (RFC 9110, section 8.8.3), of which clients of HTTP signaling name the one they know.</summary>
public static class EntityTags
{
    /// <summary>The header's value for a tag.</summary>
    public static string Quote(string tag) => $"\"{tag}\"";

    /// <summary>What the header says of the tag that counts now. A weak tag never matches.</summary>
    public static TagMatch Match(string? header, string current)
    {
        if (string.IsNullOrWhiteSpace(header))
            return TagMatch.Missing;
        var named = header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (named.Any(tag => tag is "*" or "\"*\""))
            return TagMatch.Any;
        return named.Contains(Quote(current), StringComparer.Ordinal) ? TagMatch.Current : TagMatch.Stale;
    }
}
