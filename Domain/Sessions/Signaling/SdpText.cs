using System.Text;

namespace Orchestrator.Domain.Sessions.Signaling;

/// <summary>
/// The little that we have to know of a session description. What it says of media is between the client and the provider; we
/// look whether it is one, which ICE generation it begins, and write candidates into it for clients that can be told no later.
/// </summary>
public static class SdpText
{
    /// <summary>The media type of a description.</summary>
    public const string MediaType = "application/sdp";

    /// <summary>The longest description that is taken, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Whether it is a description with at least one medium, and no line of it is something else.</summary>
    public static bool IsOffer(string text)
    {
        if (text.Length > MaxLength || !text.StartsWith("v=0", StringComparison.Ordinal))
            return false;
        var media = 0;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (line.IsEmpty)
                continue;
            if (line.Length < 2 || line[1] != '=' || !char.IsAsciiLetterLower(line[0]))
                return false;
            media += line[0] is 'm' ? 1 : 0;
        }

        return media > 0;
    }

    /// <summary>Whether a client of a protocol in which it alone sends media offers none: every medium of it only receives, or does nothing.</summary>
    public static bool SendsNothing(string text)
    {
        var (session, media) = ("sendrecv", new List<string>());
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.TrimEnd();
            if (line.StartsWith("m="))
                media.Add(session);
            else if (line is "a=recvonly" or "a=inactive" or "a=sendonly" or "a=sendrecv")
                Turn(line[2..].ToString());
        }

        return media.Count > 0 && media.TrueForAll(direction => direction is "recvonly" or "inactive");

        void Turn(string direction)
        {
            if (media.Count == 0)
                session = direction;
            else
                media[^1] = direction;
        }
    }

    /// <summary>The name of the ICE generation that it begins; null when it does not say. Bundled media share it.</summary>
    public static string? UfragOf(string text)
    {
        const string Attribute = "a=ice-ufrag:";
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Attribute))
                return line[Attribute.Length..].TrimEnd().ToString();
        }

        return null;
    }

    /// <summary>Whether it brings candidates of its own: who answers so sends none later.</summary>
    public static bool HasCandidates(string text) => text.Contains("\na=candidate:", StringComparison.Ordinal);

    /// <summary>The description with these candidates at the end of the media they belong to, the first where it is unknown.</summary>
    /// <param name="text">The description.</param>
    /// <param name="candidates">What to write into it.</param>
    /// <param name="isEnd">Whether to say that there are no more.</param>
    public static string With(string text, IReadOnlyList<IceCandidate> candidates, bool isEnd)
    {
        var sections = Split(text);
        if (sections.Count < 2)
            return text;

        var written = new StringBuilder(text.Length + 256);
        for (var index = 0; index < sections.Count; index++)
        {
            written.Append(sections[index]);
            if (index == 0)
                continue;
            if (written[^1] != '\n')
                written.Append("\r\n");
            foreach (var candidate in candidates.Where(candidate => SectionOf(sections, candidate) == index))
                written.Append("a=").Append(candidate.Text).Append("\r\n");
            // Bundled media share the first one's candidates, and its end.
            if (isEnd && index == 1)
                written.Append("a=end-of-candidates\r\n");
        }

        return written.ToString();
    }

    /// <summary>What is before the media, and each medium.</summary>
    private static List<string> Split(string text)
    {
        var sections = new List<string>();
        var from = 0;
        while (text.IndexOf("\nm=", from, StringComparison.Ordinal) is var at and >= 0)
        {
            sections.Add(text[from..(at + 1)]);
            from = at + 1;
        }

        sections.Add(text[from..]);
        return sections;
    }

    private static int SectionOf(List<string> sections, IceCandidate candidate)
    {
        if (candidate.Mid is { } mid)
        {
            var named = sections.FindIndex(1, section =>
                section.Contains($"\na=mid:{mid}\r", StringComparison.Ordinal) || section.Contains($"\na=mid:{mid}\n", StringComparison.Ordinal));
            if (named > 0)
                return named;
        }

        return candidate.Line is { } line && line + 1 < sections.Count ? line + 1 : 1;
    }
}
