using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>
/// One session of whatever API: a call that somebody's media would run on, or a WebSocket of its own. What happens in it is told to every connection to it;
/// those of a call may come and go. Safe for any thread.
/// </summary>
public abstract class VoiceSession
{
    private readonly Lock _lock = new();
    private readonly List<RealtimeConnection> _connections = [];
    private readonly TaskCompletionSource<string> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Truth _truths;
    private readonly bool _refusesUpdates;
    private readonly JsonObject _settings;
    private int _events;

    private protected VoiceSession(string id, string model, JsonObject settings, bool isCall, string credential, RealtimePlan plan, Truth truths, string truthId)
    {
        (Id, Model, IsCall, Credential, _settings, _truths) = (id, model, isCall, credential, settings, truths);
        EarlySidebands = plan.EarlySidebands;
        _refusesUpdates = isCall && plan.RefuseUpdates;
        FailingHangUps = plan.FailingHangUps;
        Truth = truths.Open(truthId, model, new Dictionary<string, string>());
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

    internal int EarlySidebands { get; set; }

    internal int FailingHangUps { get; set; }

    private protected static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The first event of every connection.</summary>
    private protected abstract string FirstEvent { get; }

    /// <summary>The end user leaves: nobody says so, but the call is over and its sidebands are closed.</summary>
    public Task LeaveAsync() => EndAsync("client", 1000, null);

    /// <summary>The time that a session may last is over.</summary>
    /// <param name="words">What it says of that.</param>
    public async Task ExpireAsync(string words = "Your session hit the maximum duration of 60 minutes.")
    {
        await SendAsync(Event("error", $$"""
            "error":{"type":"invalid_request_error","code":"session_expired","message":"{{words}}","param":null,"event_id":null}
            """));
        await EndAsync("expired", 1001, words);
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

    /// <summary>What the client of a call says on its data channel, which goes past everybody else. Answers what is answered to it alone: an error, or null.</summary>
    public async Task<string?> SayAsync(string text)
    {
        string? answer = null;
        await HearAsync(text, mayUpdate: true, error =>
        {
            answer = error;
            return Task.CompletedTask;
        });
        return answer;
    }

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
        await connection.SendAsync(Event(FirstEvent, $"\"session\":{Settings}"));
        lock (_lock)
            _connections.Add(connection);
        // It may have ended before this connection was among those that are told.
        if (_over.Task.IsCompleted)
            await connection.CloseAsync(1000, null);
        await connection.ReadAsync(text => HearAsync(text, mayUpdate: !_refusesUpdates, connection.SendAsync));
        if (!IsCall)
            await EndAsync("client", 1000, null);
    }

    /// <summary>What a client says; false for what there is no such event of.</summary>
    private protected abstract Task<bool> HearAsync(string? type, JsonObject said);

    /// <summary>Changes the settings, and tells.</summary>
    private protected Task UpdateAsync(JsonObject said)
    {
        lock (_lock)
        {
            foreach (var (name, value) in (said["session"] as JsonObject ?? []).Where(change => change.Key is not ("model" or "id" or "object")))
                Set(_settings, name, value);
        }

        return SendAsync(Event("session.updated", $"\"session\":{Settings}"));
    }

    private protected string Event(string type, string members) =>
        $"{{\"type\":\"{type}\",\"event_id\":\"event_{Id}_{Interlocked.Increment(ref _events)}\",{members.Trim()}}}";

    private async Task HearAsync(string text, bool mayUpdate, Func<string, Task> answerAsync)
    {
        var said = Parse(text);
        var type = said["type"]?.GetValueKind() is JsonValueKind.String ? said["type"]!.GetValue<string>() : null;
        if (type is "session.update" && (!mayUpdate || (said["session"] as JsonObject)?.ContainsKey("bad") is true))
            await answerAsync(Error(said, "session", "Cannot update that."));
        else if (!await HearAsync(type, said))
            await answerAsync(Error(said, "type", "There is no such event."));
    }

    private string Error(JsonObject said, string param, string message) => Event("error", $$"""
        "error":{"type":"invalid_request_error","code":"invalid_value","message":"{{message}}","param":"{{param}}","event_id":{{said["event_id"]?.ToJsonString(Json) ?? "null"}}}
        """);

    /// <summary>Members are set one by one, as deep as objects go.</summary>
    private static void Set(JsonObject settings, string name, JsonNode? value)
    {
        if (value is not JsonObject changes || settings[name] is not JsonObject below)
        {
            settings[name] = value?.DeepClone();
            return;
        }

        foreach (var (member, change) in changes)
            Set(below, member, change);
    }

    private static JsonObject Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
