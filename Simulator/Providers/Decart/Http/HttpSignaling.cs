using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart.Http;

/// <summary>
/// Dialect C: the same models over HTTP. Of a model's script the provider does what this dialect has a word for: it refuses
/// whom the script closes on at once, answers, tells candidates and errors by events, and ends the session where the script
/// does; a tick is a second that passes. The truth is the span from the answer to the end.
/// </summary>
internal sealed class HttpSignaling(SimulatorOptions options, ScriptLibrary scripts, Truth truth)
{
    public const string Path = "/v1/realtime/sessions";

    private readonly ConcurrentDictionary<string, HttpProviderSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<HttpProviderSession> _opened = new();
    private readonly string _run = RandomNumberGenerator.GetHexString(5, lowercase: true);
    private long _count;

    /// <summary>Every session, oldest first.</summary>
    public IReadOnlyList<HttpProviderSession> Sessions => [.. _opened];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path, (Delegate)OpenAsync);
        routes.MapPatch(Path + "/{id}", TrickleAsync);
        routes.MapPost(Path + "/{id}/prompt", (string id, HttpContext context) => AskAsync(id, "prompt", context));
        routes.MapPost(Path + "/{id}/image", (string id, HttpContext context) => AskAsync(id, "image", context));
        routes.MapGet(Path + "/{id}/events", EventsAsync);
        routes.MapDelete(Path + "/{id}", End);
    }

    private async Task<IResult> OpenAsync(HttpContext context)
    {
        if (context.Request.Headers["x-api-key"] != options.ApiKey)
            return Problem(401, "Unauthorized", "Invalid API key");
        var body = (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;
        var model = body.GetProperty("model").GetString() ?? "";
        if (scripts.Find(model) is not { } script)
            return Problem(404, "Not found", "Invalid model");
        if (RefusalOf(script) is { } refusal)
            return refusal;
        if (Refuses(script, body))
            return Problem(422, "Moderation", "content policy");

        var id = string.Create(CultureInfo.InvariantCulture, $"simc-{_run}{Interlocked.Increment(ref _count):x7}");
        var session = new HttpProviderSession(id, model, body, truth.Open(id, model, new Dictionary<string, string>()));
        _sessions[id] = session;
        _opened.Enqueue(session);
        _ = LiveAsync(session, script);
        context.Response.Headers.ETag = session.Tag;
        session.Truth.Answered();
        var expires = options.TimeProvider.GetUtcNow().AddHours(1).ToString("O", CultureInfo.InvariantCulture);
        return Results.Text(new JsonObject
        {
            ["session_id"] = id,
            ["sdp"] = new JsonObject { ["type"] = "answer", ["sdp"] = script.Steps.OfType<Step.Answer>().FirstOrDefault()?.Sdp ?? DecartWire.PlainSdp },
            ["ice_servers"] = new JsonArray(new JsonObject { ["urls"] = new JsonArray("turn:203.0.113.9:3478"), ["username"] = "sim", ["credential"] = "sim-turn" }),
            ["events"] = new JsonObject { ["url"] = $"http://{context.Request.Host}{Path}/{id}/events", ["event_token"] = session.EventToken, ["expires_at"] = expires },
            ["expires_at"] = expires,
        }.ToJsonString(), "application/json", statusCode: 201).With(context, $"{Path}/{id}");
    }

    private async Task<IResult> TrickleAsync(string id, HttpContext context)
    {
        if (Find(id, context) is not { } session)
            return Gone;
        if (context.Request.Headers.IfMatch != session.Tag)
        {
            context.Response.Headers.ETag = session.Tag;
            return Problem(412, "Precondition failed", "The ETag is stale");
        }

        session.Ask($"PATCH {await BodyAsync(context)}");
        session.Turn();
        context.Response.Headers.ETag = session.Tag;
        return Results.NoContent();
    }

    private async Task<IResult> AskAsync(string id, string part, HttpContext context)
    {
        if (Find(id, context) is not { } session)
            return Gone;
        var body = await BodyAsync(context);
        session.Ask($"{part} {body}");
        return scripts.Find(session.Model) is { } script && Refuses(script, JsonElement.Parse(body))
            ? Problem(422, "Moderation", "content policy") : Results.Json(new { success = true });
    }

    private async Task EventsAsync(string id, HttpContext context)
    {
        if (!_sessions.TryGetValue(id, out var session) || session.Completion.IsCompleted || context.Request.Query["event_token"] != session.EventToken)
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = "text/event-stream";
        await context.Response.Body.FlushAsync();
        var next = int.TryParse(context.Request.Headers["Last-Event-ID"], CultureInfo.InvariantCulture, out var last) ? last : 0;
        try
        {
            while (true)
            {
                var (events, more) = session.Read(next);
                foreach (var (name, data) in events)
                    await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {++next}\nevent: {name}\ndata: {data}\n\n"), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (session.Completion.IsCompleted && session.Read(next).Events.Count == 0)
                    return;
                await more.WaitAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has left.
        }
    }

    private IResult End(string id, HttpContext context)
    {
        if (Find(id, context) is not { } session)
            return Gone;
        session.End();
        truth.End(session.Truth);
        var seconds = (session.Truth.SpanMilliseconds ?? 0) / 1000m;
        return Results.Json(new { session_id = id, duration_seconds = seconds, billed_seconds = Math.Ceiling(seconds), reason = "client_ended" });
    }

    /// <summary>What the script says of a session that is answered.</summary>
    private async Task LiveAsync(HttpProviderSession session, Script script)
    {
        try
        {
            if (!script.AnswersOffers && script.Automatic.HasFlag(AutomaticReplies.Offers))
                TellCandidates(session, 2, isEnd: true);
            foreach (var step in script.Steps)
                await PlayAsync(session, step);
        }
        catch (TimeoutException)
        {
            // It never gets there.
        }

        if (session.Completion.IsCompleted)
            truth.End(session.Truth);
    }

    private async Task PlayAsync(HttpProviderSession session, Step step)
    {
        switch (step)
        {
            case Step.IceCandidates candidates:
                TellCandidates(session, candidates.Count, candidates.End);
                break;
            case Step.Error error:
                session.Tell("error", new JsonObject { ["title"] = "Error", ["detail"] = error.Message }.ToJsonString());
                break;
            case Step.Wait wait:
                await WaitAsync(session, wait.Duration);
                break;
            case Step.Ticks ticks:
                await WaitAsync(session, ticks.Count is { } count ? count * ticks.Every : Timeout.InfiniteTimeSpan);
                break;
            case Step.Hold:
                await WaitAsync(session, Timeout.InfiniteTimeSpan);
                break;
            case Step.Close or Step.Drop:
                session.End();
                break;
        }
    }

    private static void TellCandidates(HttpProviderSession session, int count, bool isEnd)
    {
        for (var number = 1; number <= count; number++)
            session.Tell("ice-candidate", JsonNode.Parse(DecartWire.IceCandidate(number))!["candidate"]!.ToJsonString());
        if (isEnd)
            session.Tell("ice-candidate", "null");
    }

    private async Task WaitAsync(HttpProviderSession session, TimeSpan duration) =>
        await Task.WhenAny(session.Completion, Task.Delay(duration, options.TimeProvider));

    private HttpProviderSession? Find(string id, HttpContext context) =>
        context.Request.Headers["x-api-key"] == options.ApiKey && _sessions.TryGetValue(id, out var session) && !session.Completion.IsCompleted ? session : null;

    /// <summary>A script that closes before it waits for anything refuses.</summary>
    private static IResult? RefusalOf(Script script) =>
        script.Steps.TakeWhile(step => step is Step.Error or Step.Close).OfType<Step.Close>().FirstOrDefault() is not { } close ? null
            : Problem(
                close.Code switch { 1013 => 429, 1008 => 403, _ => 503 },
                close.Reason ?? "Refused",
                script.Steps.OfType<Step.Error>().FirstOrDefault()?.Message ?? "Refused");

    private static bool Refuses(Script script, JsonElement body) => script.Refuses is { } text && body.TryGetProperty("prompt", out var prompt)
        && prompt.ValueKind is JsonValueKind.String && prompt.GetString()!.Contains(text, StringComparison.OrdinalIgnoreCase);

    private static async Task<string> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync();
    }

    private static IResult Gone => Problem(404, "Not found", "There is no such session");

    private static IResult Problem(int status, string title, string detail) =>
        Results.Json(new { title, detail, status }, contentType: "application/problem+json", statusCode: status);
}

/// <summary>Results with a place.</summary>
internal static class Placed
{
    public static IResult With(this IResult result, HttpContext context, string location)
    {
        context.Response.Headers.Location = location;
        return result;
    }
}
