namespace Orchestrator.Grains.Providers.Labelling;

/// <summary>Puts a tenant's own media host into an address that a provider tells its client to go to.</summary>
internal static class MediaHost
{
    private const string SchemeEnd = "://";

    /// <summary>The frame with that top-level member's host replaced; null when it has none. Scheme, path and query stay.</summary>
    public static byte[]? Put(ReadOnlySpan<byte> frame, string member, string host) =>
        FrameRewriter.Rewrite(frame, (name, depth, text) => depth == 1 && name == member ? Put(text, host) : null);

    internal static string Put(string address, string host)
    {
        var from = address.IndexOf(SchemeEnd, StringComparison.Ordinal);
        if (from < 0)
            return $"wss://{host}";
        from += SchemeEnd.Length;
        var to = address.AsSpan(from).IndexOfAny('/', '?', '#');
        return string.Concat(address.AsSpan(0, from), host, to < 0 ? "" : address.AsSpan(from + to));
    }
}
