using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.Decart.Watching;

namespace Orchestrator.Tests.Providers.Decart;

/// <summary>Watchers are taken where the configuration says, whatever a provider or a client names.</summary>
public class WatchAddressesTests
{
    [Theory]
    [InlineData("wss://far.example/v1/stream", "9f1c", "203.0.113.9", 40012, "wss://far.example/subscribe/9f1c?IP=203.0.113.9&port=40012&api_key=k%26y")]
    [InlineData("ws://far.example:81/own/v1/stream?x=1", "9f1c", "fe80::1", 1, "ws://far.example:81/own/subscribe/9f1c?IP=fe80%3A%3A1&port=1&api_key=k%26y")]
    [InlineData("wss://far.example/else", "a/b?c#d@e", "h&port=9", 9, "wss://far.example/subscribe/a%2Fb%3Fc%23d%40e?IP=h%26port%3D9&port=9&api_key=k%26y")]
    [InlineData("wss://far.example/v1/stream", "..", "203.0.113.9", 40012, null)]
    [InlineData("wss://far.example/v1/stream", "", "203.0.113.9", 40012, null)]
    [InlineData("wss://far.example/v1/stream", "9f1c", "", 40012, null)]
    [InlineData("wss://far.example/v1/stream", "9f1c", "203.0.113.9", 0, null)]
    [InlineData("wss://far.example/v1/stream", "9f1c", "203.0.113.9", 65_536, null)]
    [InlineData("wss://far.example/v1/stream", "9f1c", null, null, null)]
    public void A_session_is_watched_at_its_providers_host(string endpoint, string session, string? address, int? port, string? expected) =>
        Assert.Equal(expected, WatchAddresses.Subscribe(ProviderAt(endpoint), new WatchPlace(session, address, port))?.AbsoluteUri);

    [Theory]
    [InlineData("wss://far.example/v1/stream", null, "room-1", "https://far.example/watch-stream/room-1")]
    [InlineData("ws://far.example:81/own/v1/stream", null, "a/../b", "http://far.example:81/own/watch-stream/a%2F..%2Fb")]
    [InlineData("wss://far.example/v1/stream", "https://api.far.example/base/", "room-1", "https://api.far.example/base/watch-stream/room-1")]
    [InlineData("wss://far.example/v1/stream", null, "..", null)]
    [InlineData("wss://far.example/v1/stream", null, null, null)]
    public void A_room_is_asked_for_at_its_providers_host(string endpoint, string? rest, string? room, string? expected) =>
        Assert.Equal(expected, WatchAddresses.Room(ProviderAt(endpoint, rest), new WatchPlace("9f1c", Room: room))?.AbsoluteUri);

    private static ProviderOptions ProviderAt(string endpoint, string? rest = null) =>
        new() { Endpoint = new Uri(endpoint), RestEndpoint = rest is null ? null : new Uri(rest), ApiKey = new Secret("k&y") };
}
