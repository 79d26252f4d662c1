using System.Net;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers.Decart.Http;
using Orchestrator.Grains.Providers.Labelling;

namespace Orchestrator.Grains.Providers.Decart.Watching;

/// <summary>What lets a watcher into a room, or why there is none.</summary>
/// <param name="Json">The provider's answer; it holds a secret of the watcher's. Null when it let nobody in.</param>
/// <param name="Refused">Why.</param>
public readonly record struct RoomTicket(byte[]? Json, CloseCode Refused);

/// <summary>Asks a provider to show a running session to somebody else, with our own key.</summary>
public sealed class DecartWatching(UpstreamSockets sockets, DecartHttp http)
{
    private static readonly string[] Members = ["livekit_url", "token", "room_name"];

    /// <summary>Whether this provider's sessions can be watched at all: dialect C names no place.</summary>
    public static bool CanShow(ProviderEntry provider) => provider.Dialect.Name == DecartDialect.Family && provider.Options.Version is not "c";

    /// <summary>Opens the socket that shows a session of dialect A.</summary>
    public Task<DialOutcome> SubscribeAsync(ProviderEntry provider, WatchPlace place, CancellationToken cancellationToken) =>
        WatchAddresses.Subscribe(provider.Options, place) is { } address
            ? sockets.OpenAsync(provider.Name, address, configure: null, cancellationToken)
            : Task.FromResult(new DialOutcome(Socket: null, CloseCode.SessionUnknown, Detail: null));

    /// <summary>Asks to be let into the room of a session of dialect B.</summary>
    /// <param name="provider">Whose session it is.</param>
    /// <param name="place">What it told of it.</param>
    /// <param name="mediaHost">The tenant's own media host, which the answer names in place of the provider's; null to leave it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<RoomTicket> JoinAsync(ProviderEntry provider, WatchPlace place, string? mediaHost, CancellationToken cancellationToken)
    {
        if (WatchAddresses.Room(provider.Options, place) is not { } address)
            return new RoomTicket(Json: null, CloseCode.SessionUnknown);
        var answer = await http.PostAsync(provider, address, cancellationToken);
        if (!answer.IsGood)
            return new RoomTicket(Json: null, ReasonOf(answer.Status));
        if (!IsTicket(answer.Body) || provider.Options.ApiKey.IsIn(answer.Body))
            return new RoomTicket(Json: null, CloseCode.ProviderError);
        return new RoomTicket(mediaHost is null ? answer.Body : MediaHost.Put(answer.Body, Members[0], mediaHost) ?? answer.Body, default);
    }

    /// <summary>An object with what a client needs. Members that are new pass as they are.</summary>
    private static bool IsTicket(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object
                && Members.All(name => json.RootElement.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static CloseCode ReasonOf(HttpStatusCode? status) => status switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.Gone                      => CloseCode.SessionUnknown,
        HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => CloseCode.UpstreamFull,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden             => CloseCode.ProviderRefused,
        null or >= HttpStatusCode.InternalServerError                       => CloseCode.UpstreamUnavailable,
        _                                                                   => CloseCode.ProviderError,
    };
}
