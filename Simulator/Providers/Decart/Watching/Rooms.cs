namespace Orchestrator.Simulator.Providers.Decart.Watching;

/// <summary>Lets others into the rooms of running sessions of dialect B, and keeps who asked.</summary>
public sealed class Rooms
{
    private const int MaxAsked = 1_000;
    private readonly ConnectionBook _connections;
    private readonly string _apiKey;
    private readonly Queue<string> _asked = [];

    internal Rooms(ConnectionBook connections, string apiKey) => (_connections, _apiKey) = (connections, apiKey);

    /// <summary>When set, whoever asks gets this status.</summary>
    public int? Status { get; set; }

    /// <summary>When set, whoever is let in gets this body.</summary>
    public string? Body { get; set; }

    /// <summary>The rooms that were asked for with the right key, oldest first.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked)
                return [.. _asked];
        }
    }

    internal IResult Join(string room, HttpContext context)
    {
        if (context.Request.Headers["x-api-key"] != _apiKey)
            return Results.Json(new { error = "Invalid API key for api3.decart.ai" }, statusCode: StatusCodes.Status401Unauthorized);
        lock (_asked)
        {
            _asked.Enqueue(room);
            if (_asked.Count > MaxAsked)
                _asked.Dequeue();
        }

        if (Status is { } status)
            return Results.Json(new { error = "Decart is out of order" }, statusCode: status);
        var session = room.StartsWith(DecartWire.RoomPrefix, StringComparison.Ordinal) ? room[DecartWire.RoomPrefix.Length..] : "";
        return _connections.Find(session) is { Farewell: null, SpeaksLiveKit: true }
            ? Results.Text(Body ?? $$"""{"livekit_url":"ws://{{context.Request.Host}}/livekit","token":"watch-{{session}}","room_name":"{{room}}"}""", "application/json")
            : Results.Json(new { error = "Decart has no such room" }, statusCode: StatusCodes.Status404NotFound);
    }
}
