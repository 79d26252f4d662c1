using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.OpenAI;

namespace Orchestrator.Simulator.Providers.OpenAILive;

/// <summary>
/// The Live API of the same provider: its key, its models and what goes wrong with them are those of <see cref="OpenAITwin"/>. Safe for any thread.
/// </summary>
public sealed class LiveTwin
{
    /// <summary>What its paths begin with.</summary>
    public const string Path = "/v1/live";

    private const int MaxSessions = 16_384;

    private readonly OpenAITwin _elder;
    private readonly Truth _truths;
    private readonly ConcurrentDictionary<string, LiveSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<LiveSession> _order = new();
    private readonly string _run = RandomNumberGenerator.GetHexString(6, lowercase: true);
    private long _opened;

    internal LiveTwin(OpenAITwin elder, Truth truths) => (_elder, _truths) = (elder, truths);

    /// <summary>Every session, oldest first.</summary>
    public IReadOnlyList<LiveSession> Sessions => [.. _order];

    /// <summary>The session of that name, or null.</summary>
    public LiveSession? Find(string id) => _sessions.GetValueOrDefault(id);

    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost($"{Path}/sessions", CreateAsync);
        routes.MapGet($"{Path}/sessions/{{id}}/attach", AttachAsync);
        routes.MapPost($"{Path}/sessions/{{id}}/{{verb}}", context => OpenAICallEndpoints.TellAsync(_elder, context, Find(IdOf(context))));
    }

    private async Task CreateAsync(HttpContext context)
    {
        if (!await OpenAIEndpoints.IsLetInAsync(_elder, context))
            return;
        var body = await OpenAIEndpoints.ReadJsonAsync(context.Request);
        _elder.Note($"POST live/sessions {context.Request.ContentType?.Split(';')[0]} {body?["session"]?.ToJsonString()}");
        var (settings, transport) = (body?["session"] as JsonObject ?? [], body?["transport"] as JsonObject);
        var sdp = transport?["type"]?.GetValue<string>() is "webrtc" ? transport["sdp"]?.GetValue<string>() : null;
        if (!await OpenAICallEndpoints.TakesAsync(_elder, context, sdp, settings["model"]?.GetValue<string>()))
            return;

        var session = Open(settings["model"]!.GetValue<string>(), (JsonObject)settings.DeepClone(), OpenAIEndpoints.CredentialOf(context.Request)!);
        var answer = new JsonObject
        {
            ["session"] = new JsonObject { ["id"] = session.Id },
            ["transport"] = new JsonObject { ["type"] = "webrtc", ["sdp"] = await OpenAICallEndpoints.AnswerToAsync(_elder, sdp!, context.RequestAborted) },
        };
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString());
        OpenAICallEndpoints.LeaveInTime(session, sdp!, _elder.Time);
    }

    private async Task AttachAsync(HttpContext context)
    {
        if (await OpenAIEndpoints.IsLetInAsync(_elder, context))
            await OpenAICallEndpoints.JoinAsync(context, Find(IdOf(context)));
    }

    private LiveSession Open(string model, JsonObject settings, string credential)
    {
        var id = $"live_{_run}{Interlocked.Increment(ref _opened):x6}";
        var session = new LiveSession(id, model, settings, credential, _elder.PlanOf(model), _truths);
        _sessions[id] = session;
        _order.Enqueue(session);
        while (_order.Count > MaxSessions && _order.TryDequeue(out var oldest))
            _sessions.TryRemove(oldest.Id, out _);
        return session;
    }

    private static string IdOf(HttpContext context) => context.Request.RouteValues["id"] as string ?? "";
}
