using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world whose sessions are watched at the provider, by few at once.</summary>
public class WatchWorld : AccessWorld
{
    /// <summary>How many may watch a session.</summary>
    public const int MaxPerSession = 2;

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Watchers:MaxPerSession"] = $"{MaxPerSession}",
        ["Watchers:MaxInProcess"] = "3",
    };

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Provider.Play("test-watched", Script.Begin.SendSessionId().Expect("offer").GenerationStarted().Tick(1m).Hold());
    }

    /// <summary>Opens a session of dialect A; answers what its provider calls it.</summary>
    public async Task<(StreamClient Client, string Name)> OpenWatchedAsync(string credential, string model = "test-watched")
    {
        var client = await ConnectAsync(credential, model, NewAddress());
        var name = JsonElement.Parse((await client.ExpectAsync("session_id")).Bytes).GetProperty("session_id").GetString()!;
        return (client, name);
    }

    /// <summary>Opens a session of dialect B; answers the name of its room.</summary>
    public async Task<(StreamClient Client, string Room)> OpenRoomAsync(string credential)
    {
        var client = await ConnectAsync(credential, "test-watched", NewAddress());
        await client.SendAsync("""{"type":"livekit_join"}""");
        var room = JsonElement.Parse((await client.ExpectAsync("livekit_room_info")).Bytes).GetProperty("room_name").GetString()!;
        return (client, room);
    }

    /// <summary>Watches as the SDK does, but with an address and a port that lead elsewhere.</summary>
    public Task<StreamClient> WatchAsync(string credential, string name, ChildGateway? gateway = null) => StreamClient.ConnectAsync(
        new Uri(
            new UriBuilder((gateway ?? Gateway).Address) { Scheme = "ws" }.Uri,
            $"/subscribe/{Uri.EscapeDataString(name)}?IP=192.0.2.66&port=1&api_key={Uri.EscapeDataString(credential)}"),
        reads: true, NewAddress());

    /// <summary>Asks to be let into a room.</summary>
    public async Task<HttpResponseMessage> JoinAsync(string credential, string room)
    {
        using var http = Http(credential);
        var (name, value) = NewAddress();
        http.DefaultRequestHeaders.Add(name, value);
        return await http.PostAsync($"/watch-stream/{Uri.EscapeDataString(room)}", content: null);
    }

    /// <summary>How a watcher was turned away: what it was told, and how it was closed.</summary>
    public async Task<string> TurnedAwayAsync(string credential, string name, ChildGateway? gateway = null)
    {
        await using var watcher = await WatchAsync(credential, name, gateway);
        var farewell = await watcher.FarewellAsync();
        return $"{string.Join(" ", watcher.All.Select(heard => heard.Text))} {farewell.Code} {farewell.Reason}";
    }
}

/// <summary>The same with a process that may let more into rooms, for a while that a test can wait.</summary>
public class RoomWorld : WatchWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["Watchers:MaxInProcess"] = "100",
        ["Watchers:RoomInterval"] = "00:00:03",
    };
}

/// <summary>The same behind links.</summary>
public class LinkedWatchWorld : WatchWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}
