using System.Globalization;
using Orchestrator.Grains.Interfaces.Sessions;

namespace Orchestrator.Grains.Providers.Decart.Watching;

/// <summary>Where a provider's sessions are watched: at the host that its entry names, whatever place it told.</summary>
internal static class WatchAddresses
{
    private const string StreamPath = "/v1/stream";

    /// <summary>The socket that shows a session of dialect A; null where the provider told no place that can be asked for.</summary>
    public static Uri? Subscribe(ProviderOptions provider, WatchPlace place) =>
        place is { Upstream: { } session, Address: { Length: > 0 } address, Port: > 0 and <= ushort.MaxValue and var port } && IsName(session)
            ? new UriBuilder(provider.Endpoint!)
            {
                Path = $"{RootOf(provider.Endpoint!)}/subscribe/{Uri.EscapeDataString(session)}",
                Query = string.Create(
                    CultureInfo.InvariantCulture, $"IP={Uri.EscapeDataString(address)}&port={port}&api_key={Uri.EscapeDataString(provider.ApiKey.Reveal())}"),
            }.Uri
            : null;

    /// <summary>Who is asked to be let into a room of dialect B; null where the provider told of none.</summary>
    public static Uri? Room(ProviderOptions provider, WatchPlace place)
    {
        if (place.Room is not { } room || !IsName(room))
            return null;
        var root = provider.RestEndpoint ?? new UriBuilder(provider.Endpoint!)
        {
            Scheme = provider.Endpoint!.Scheme is "wss" ? Uri.UriSchemeHttps : Uri.UriSchemeHttp,
            Port = provider.Endpoint.Port,
            Path = RootOf(provider.Endpoint),
            Query = "",
        }.Uri;
        return new UriBuilder(root) { Path = $"{root.AbsolutePath.TrimEnd('/')}/watch-stream/{Uri.EscapeDataString(room)}" }.Uri;
    }

    /// <summary>Dots alone are steps of a path, escaped or not.</summary>
    private static bool IsName(string name) => name.Length > 0 && name.Any(character => character != '.');

    private static string RootOf(Uri endpoint) =>
        endpoint.AbsolutePath.EndsWith(StreamPath, StringComparison.Ordinal) ? endpoint.AbsolutePath[..^StreamPath.Length] : "";
}
