using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A world whose clients hold no WebSocket.</summary>
public class HttpWorld : AccessWorld
{
    /// <summary>What such a client offers.</summary>
    public const string Offer =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:Ab3d\r\na=ice-pwd:x\r\na=sendrecv\r\n";

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>(base.GatewaySettings)
    {
        ["HttpSessions:GatherTimeout"] = "00:00:00.3",
        ["HttpSessions:AnswerTimeout"] = "00:00:06",
        ["HttpSessions:PromptTimeout"] = "00:00:03",
        ["HttpSessions:KeepAliveInterval"] = "00:00:00.5",
    };

    /// <summary>Opens a session in that form.</summary>
    public async Task<HttpSession> OpenAsync(string credential, string model, string path = "/v1/sessions", object? more = null)
    {
        var http = Http(credential);
        var body = new Dictionary<string, object?> { ["model"] = model, ["sdp"] = new { type = "offer", sdp = Offer } };
        foreach (var member in more?.GetType().GetProperties() ?? [])
            body[member.Name] = member.GetValue(more);
        using var answer = await http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.Created, $"{(int)answer.StatusCode} {text}\n{Gateway.Output[^Math.Min(Gateway.Output.Length, 4_000)..]}");
        return new HttpSession(http, answer.Headers.Location!.ToString(), answer.Headers.ETag!.Tag, JsonElement.Parse(text));
    }

    /// <summary>Opens a session as a client of WHIP does.</summary>
    public static async Task<HttpResponseMessage> WhipAsync(HttpClient http, string model, string sdp = Offer, string type = "application/sdp")
    {
        using var content = new StringContent(sdp, Encoding.UTF8);
        content.Headers.ContentType = new(type);
        return await http.PostAsync($"/whip/{model}", content);
    }
}

/// <summary>The same behind links.</summary>
public class LinkedHttpWorld : HttpWorld
{
    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings => new Dictionary<string, string>([.. base.GatewaySettings, LinkedWorld.Setting]);
}

/// <summary>A session as its client over HTTP has it.</summary>
public sealed record HttpSession(HttpClient Http, string Location, string Tag, JsonElement Body) : IDisposable
{
    /// <summary>Its id.</summary>
    public string Id => Body.GetProperty("session_id").GetString()!;

    /// <summary>Posts to a part of it.</summary>
    public Task<HttpResponseMessage> PostAsync(string part, object body) => Http.PostAsJsonAsync($"{Location}/{part}", body);

    /// <summary>Sends candidates.</summary>
    public async Task<HttpResponseMessage> PatchAsync(string? tag, params object?[] candidates)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, Location) { Content = JsonContent.Create(new { candidates }) };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        return await Http.SendAsync(request);
    }

    /// <summary>Reads its events.</summary>
    public Task<EventReader> EventsAsync(string? after = null) => EventReader.OpenAsync(Http, $"{Location}/events", after);

    /// <summary>Ends it.</summary>
    public Task<HttpResponseMessage> EndAsync() => Http.DeleteAsync(Location);

    /// <inheritdoc/>
    public void Dispose() => Http.Dispose();
}
