using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Orchestrator.Tests.Support;

/// <summary>
/// Searches every byte that a scenario's client receives, on a socket or over HTTP, for what tells who the provider is: its names, its host and
/// our key with it. Excepted are media addresses: SDP, candidates, <c>server_ip</c>, and a <c>livekit_url</c> whose tenant has no media host.
/// </summary>
internal static class ProviderWatch
{
    private static readonly HashSet<string> Excepted = ["sdp", "candidate", "server_ip", "livekit_url"];
    private static readonly ConcurrentQueue<(int Port, string What)> Found = new();
    private static readonly Lock Gate = new();
    private static volatile Needles _needles = new(["decart", "livestyler", "openai"], []);

    /// <summary>From now on nobody may hear these: a client no names, and nobody at all the others.</summary>
    public static void Watch(IReadOnlyList<string> names, IReadOnlyList<string> secrets)
    {
        lock (Gate)
            _needles = new([.. _needles.Names.Union(names, StringComparer.OrdinalIgnoreCase)], [.. _needles.Secrets.Union(secrets, StringComparer.OrdinalIgnoreCase)]);
    }

    /// <summary>A search of what somebody receives piece by piece from the gateway at that port.</summary>
    /// <param name="port">Which gateway's.</param>
    /// <param name="what">What it is, for the failure.</param>
    /// <param name="isTenants">It is for the tenant's own people, who may know what they resell; the provider's host and our key are not for them either.</param>
    public static ProviderScan Begin(int port, string what, bool isTenants = false)
    {
        var needles = _needles;
        return new ProviderScan(
            isTenants ? needles.SecretsAlone : needles.All, needles.Longest, Excepted, around => Found.Enqueue((port, $"{what} holds a provider's name, host or key: {around}")));
    }

    /// <summary>A client of the gateway at that port received this.</summary>
    public static void Look(int port, string what, ReadOnlySpan<byte> bytes, bool isTenants = false)
    {
        var scan = Begin(port, what, isTenants);
        scan.Feed(bytes);
        scan.End();
    }

    /// <inheritdoc cref="Look(int, string, ReadOnlySpan{byte}, bool)"/>
    public static void Look(int port, string what, string? text, bool isTenants = false) => Look(port, what, Encoding.UTF8.GetBytes(text ?? ""), isTenants);

    /// <summary>Whether this address of the gateway is one of the tenant's own people: lists and records of sessions, which name what is resold.</summary>
    public static bool IsTenants(string method, string path) => method is "GET" && path.StartsWith("/v1/sessions", StringComparison.Ordinal)
        && !path.EndsWith("/events", StringComparison.Ordinal) && !path.EndsWith("/observe", StringComparison.Ordinal);

    /// <summary>Checks that no client of the gateways at those ports heard any.</summary>
    public static void AssertNone(IReadOnlyCollection<int> ports) =>
        Assert.Empty(Found.Where(found => ports.Contains(found.Port)).Select(found => found.What).Distinct().Take(10));

    private sealed class Needles(IReadOnlyList<string> names, IReadOnlyList<string> secrets)
    {
        public IReadOnlyList<string> Names => names;

        public IReadOnlyList<string> Secrets => secrets;

        public SearchValues<string> All { get; } = SearchValues.Create([.. names, .. Forms(secrets)], StringComparison.OrdinalIgnoreCase);

        public SearchValues<string> SecretsAlone { get; } = SearchValues.Create([.. Forms(secrets)], StringComparison.OrdinalIgnoreCase);

        public int Longest { get; } = names.Concat(Forms(secrets)).Max(word => word.Length);

        /// <summary>As it is, and as it stands in an address.</summary>
        private static IEnumerable<string> Forms(IReadOnlyList<string> words) =>
            words.SelectMany(word => new[] { word, Uri.EscapeDataString(word) }).Distinct(StringComparer.OrdinalIgnoreCase);
    }
}
