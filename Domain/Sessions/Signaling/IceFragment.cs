namespace Orchestrator.Domain.Sessions.Signaling;

/// <summary>
/// What a client says in an SDP fragment (RFC 8840): candidates of one ICE generation, and perhaps that there are no more. The
/// credentials of the generation may stand before the medium or inside it: clients do both.
/// </summary>
/// <param name="Ufrag">The generation; null when the fragment does not say.</param>
/// <param name="Candidates">In order.</param>
/// <param name="IsEnd">No more candidates follow.</param>
public sealed record IceFragment(string? Ufrag, IReadOnlyList<IceCandidate> Candidates, bool IsEnd)
{
    /// <summary>The media type of such a fragment.</summary>
    public const string MediaType = "application/trickle-ice-sdpfrag";

    /// <summary>The longest fragment that is looked at, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MaxMedia = 32;

    /// <summary>Reads a fragment; null for what is none, or says more than one may. Lines that mean nothing here are passed over.</summary>
    public static IceFragment? Read(string text)
    {
        if (text.Length is 0 or > MaxLength)
            return null;

        var candidates = new List<IceCandidate>();
        var (ufrag, mid, line, isEnd, media) = ((string?)null, (string?)null, (int?)null, false, -1);
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var entry = raw.TrimEnd();
            if (entry.IsEmpty)
                continue;
            if (entry.Length < 3 || entry[1] != '=' || !char.IsAsciiLetterLower(entry[0]))
                return null;

            var value = entry[2..].ToString();
            if (entry[0] is 'm')
            {
                if (++media == MaxMedia)
                    return null;
                (mid, line) = (null, media);
            }
            else if (value.StartsWith("mid:", StringComparison.Ordinal))
            {
                // The position in a fragment is not the position in the offer; the name is.
                (mid, line) = (value[4..], null);
            }
            else if (value.StartsWith("ice-ufrag:", StringComparison.Ordinal))
            {
                // One generation at a time: what belongs to two could be neither.
                if (ufrag is not null && ufrag != value[10..])
                    return null;
                ufrag = value[10..];
            }
            else if (value.StartsWith("candidate:", StringComparison.Ordinal))
            {
                if (!IceCandidate.IsWellFormed(value) || candidates.Count == IceCandidate.MaxAtOnce)
                    return null;
                candidates.Add(new IceCandidate(value, mid, line ?? (mid is null ? 0 : null)));
            }
            else if (value is "end-of-candidates")
            {
                isEnd = true;
            }
        }

        return new IceFragment(ufrag, [.. candidates.Select(candidate => candidate with { Ufrag = ufrag })], isEnd);
    }
}
