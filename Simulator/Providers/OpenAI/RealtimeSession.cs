using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>
/// One session: a call that somebody's media would run on, or a WebSocket of its own. What happens in it is told to every connection to it; those of a call
/// may come and go. Safe for any thread.
/// </summary>
public sealed class RealtimeSession
{
    private readonly Lock _lock = new();
    private readonly List<RealtimeConnection> _connections = [];
    private readonly TaskCompletionSource<string> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Truth _truths;
    private readonly JsonObject _settings;
    private int _events;
    private int _responses;

    internal RealtimeSession(string id, string model, JsonObject settings, bool isCall, string credential, RealtimePlan plan, Truth truths)
    {
        (Id, Model, IsCall, Credential, Plan, _settings, _truths) = (id, model, isCall, credential, plan, settings, truths);
        settings["type"] ??= "realtime";
        settings["object"] = "realtime.session";
        settings["id"] = "sess_" + id;
        settings["model"] = model;
        EarlySidebands = plan.EarlySidebands;
        FailingHangUps = plan.FailingHangUps;
        Truth = truths.Open(isCall ? id : "sess_" + id, model, new Dictionary<string, string>());
        Truth.Answered();
    }

    /// <summary>A call's name.</summary>
    public string Id { get; }

    /// <summary>Its model.</summary>
    public string Model { get; }

    /// <summary>Whether it is a call, and not a WebSocket.</summary>
    public bool IsCall { get; }

    /// <summary>What opened it.</summary>
    public string Credential { get; }

    /// <summary>From the answer to the end.</summary>
    public SessionTruth Truth { get; }

    /// <summary>Done when it is over: with who ended it.</summary>
    public Task<string> Over => _over.Task;

    /// <summary>Its settings, as JSON.</summary>
    public string Settings
    {
        get
        {
            lock (_lock)
                return _settings.ToJsonString(Json);
        }
    }

    /// <summary>Every connection that it had, oldest first.</summary>
    public IReadOnlyList<RealtimeConnection> Connections
    {
        get
        {
            lock (_lock)
                return [.. _connections];
        }
    }

    internal RealtimePlan Plan { get; }

    internal int EarlySidebands { get; set; }

    internal int FailingHangUps { get; set; }

    private static JsonSerializerOptions Json { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The end user leaves: nobody says so, but the call is over and its sidebands are closed.</summary>
    public Task LeaveAsync() => EndAsync("client", 1000, null);

    /// <summary>The time that a session may last is over.</summary>
    public async Task ExpireAsync()
    {
        const string Words = "Your session hit the maximum duration of 60 minutes.";
        await SendAsync(Event("error", $$"""
            "error":{"type":"invalid_request_error","code":"session_expired","message":"{{Words}}","param":null,"event_id":null}
            """));
        await EndAsync("expired", 1001, Words);
    }

    /// <summary>Cuts every sideband; the call goes on.</summary>
    public void DropSidebands()
    {
        foreach (var connection in Connections)
            connection.Drop();
    }

    /// <summary>Closes every sideband as a back end that is replaced does; the call goes on.</summary>
    public Task RotateAsync() => Task.WhenAll(Connections.Select(connection => connection.CloseAsync(1001, "rotating")));

    /// <summary>Tells every connection.</summary>
    public Task SendAsync(string text) => Task.WhenAll(Connections.Where(connection => !connection.Left.IsCompleted).Select(connection => connection.SendAsync(text)));

    internal async Task EndAsync(string by, int code, string? reason)
    {
        if (!_over.TrySetResult(by))
            return;
        _truths.End(Truth);
        await Task.WhenAll(Connections.Select(connection => connection.CloseAsync(code, reason)));
    }

    /// <summary>Serves one connection until it is gone.</summary>
    internal async Task ServeAsync(RealtimeConnection connection)
    {
        await connection.SendAsync(Event("session.created", $"\"session\":{Settings}"));
        lock (_lock)
            _connections.Add(connection);
        // It may have ended before this connection was among those that are told.
        if (_over.Task.IsCompleted)
            await connection.CloseAsync(1000, null);
        await connection.ReadAsync(text => HearAsync(connection, text));
        if (!IsCall)
            await EndAsync("client", 1000, null);
    }

    private async Task HearAsync(RealtimeConnection connection, string text)
    {
        JsonObject? said = null;
        try
        {
            said = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // Said so below.
        }

        var eventId = said?["event_id"]?.ToJsonString(Json) ?? "null";
        switch (said?["type"]?.GetValueKind() is JsonValueKind.String ? said["type"]!.GetValue<string>() : null)
        {
            case "session.update":
                Update(said!["session"] as JsonObject ?? []);
                await SendAsync(Event("session.updated", $"\"session\":{Settings}"));
                break;
            case "conversation.item.create":
                await SendAsync(Event("conversation.item.added", $"\"previous_item_id\":null,\"item\":{said!["item"]?.ToJsonString(Json) ?? "null"}"));
                break;
            case "response.create":
                await RespondAsync();
                break;
            case "response.cancel" or "input_audio_buffer.append" or "conversation.item.delete" or "conversation.item.truncate" or "output_audio_buffer.clear":
                break;
            case "input_audio_buffer.commit":
                await SendAsync(Event("input_audio_buffer.committed", "\"previous_item_id\":null,\"item_id\":\"item_audio\""));
                break;
            default:
                await connection.SendAsync(Event("error", $$"""
                    "error":{"type":"invalid_request_error","code":"invalid_value","message":"There is no such event.","param":"type","event_id":{{eventId}}}
                    """));
                break;
        }
    }

    /// <summary>A response in text, with what it used: the counts of the API's own example, the text of the output one more each time.</summary>
    private async Task RespondAsync()
    {
        var number = Interlocked.Increment(ref _responses);
        var id = $"resp_{Id}_{number}";
        await SendAsync(Event("response.created", $$"""
            "response":{"id":"{{id}}","object":"realtime.response","status":"in_progress"}
            """));
        await SendAsync(Event("response.output_text.delta", $$"""
            "response_id":"{{id}}","item_id":"item_{{number}}","output_index":0,"content_index":0,"delta":"Hello"
            """));
        var usage = $$$"""
            {"total_tokens":{{{252 + number}}},"input_tokens":132,"output_tokens":{{{120 + number}}},
            "input_token_details":{"text_tokens":119,"audio_tokens":13,"image_tokens":0,"cached_tokens":64,
            "cached_tokens_details":{"text_tokens":64,"audio_tokens":0,"image_tokens":0}},
            "output_token_details":{"text_tokens":{{{29 + number}}},"audio_tokens":91}}
            """.ReplaceLineEndings("");
        const string Outcome = "\"object\":\"realtime.response\",\"status\":\"completed\",\"status_details\":null,\"output\":[],\"conversation_id\":\"conv_1\",\"metadata\":null";
        await SendAsync(Event("response.done", $"\"response\":{{\"id\":\"{id}\",{Outcome},\"usage\":{usage}}}"));
    }

    private void Update(JsonObject changes)
    {
        lock (_lock)
        {
            foreach (var (name, value) in changes.Where(change => change.Key is not ("model" or "id" or "object")))
                _settings[name] = value?.DeepClone();
        }
    }

    private string Event(string type, string members) => $"{{\"type\":\"{type}\",\"event_id\":\"event_{Id}_{Interlocked.Increment(ref _events)}\",{members.Trim()}}}";
}
