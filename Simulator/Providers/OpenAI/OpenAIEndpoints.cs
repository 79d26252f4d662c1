using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Simulator.Providers.Decart;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>The twin's wire: one WebSocket path and the REST calls below it.</summary>
internal static class OpenAIEndpoints
{
    private const string CredentialSubprotocol = "openai-insecure-api-key.";

    public static void MapOpenAI(this IEndpointRouteBuilder routes, OpenAITwin twin)
    {
        routes.MapGet(OpenAITwin.Path, context => ConnectAsync(twin, context));
        routes.MapPost($"{OpenAITwin.Path}/client_secrets", context => MintAsync(twin, context));
        routes.MapPost($"{OpenAITwin.Path}/calls", context => OpenAICallEndpoints.CreateAsync(twin, context));
        routes.MapPost($"{OpenAITwin.Path}/calls/{{id}}/{{verb}}", context =>
            OpenAICallEndpoints.TellAsync(twin, context, twin.Find(context.Request.RouteValues["id"] as string ?? "")));
        twin.Live.Map(routes);
    }

    /// <summary>The credential of a request, by header or subprotocol.</summary>
    public static string? CredentialOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } bearer] && bearer.StartsWith("Bearer ", StringComparison.Ordinal)
            ? bearer[7..]
            : Offered(request).FirstOrDefault(one => one.StartsWith(CredentialSubprotocol, StringComparison.Ordinal))?[CredentialSubprotocol.Length..];

    /// <summary>Answers with an error in the API's form.</summary>
    public static async Task RefuseAsync(HttpContext context, int status, string? code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var error = new JsonObject { ["message"] = message, ["type"] = status < 500 ? "invalid_request_error" : "server_error", ["param"] = null, ["code"] = code };
        await context.Response.WriteAsync(new JsonObject { ["error"] = error }.ToJsonString());
    }

    /// <summary>Whether the credential is let in; answers when it is not.</summary>
    public static async Task<bool> IsLetInAsync(OpenAITwin twin, HttpContext context)
    {
        var credential = CredentialOf(context.Request);
        if (twin.LetsIn(credential, out _))
            return true;
        await RefuseAsync(context, StatusCodes.Status401Unauthorized, "invalid_api_key", $"Incorrect API key provided: {credential}.");
        return false;
    }

    private static async Task ConnectAsync(OpenAITwin twin, HttpContext context)
    {
        var (model, callId) = (context.Request.Query["model"].ToString(), context.Request.Query["call_id"].ToString());
        if (!await IsLetInAsync(twin, context))
            return;
        if (callId.Length > 0)
        {
            await OpenAICallEndpoints.JoinAsync(context, twin.Find(callId));
            return;
        }

        if (!OpenAITwin.Serves(model))
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "model_not_found", "The model does not exist.");
            return;
        }

        var credential = CredentialOf(context.Request)!;
        twin.LetsIn(credential, out var settings);
        await ServeAsync(twin.Open(model, settings ?? [], isCall: false, credential), context);
    }

    /// <summary>Serves a connection to a session until it is gone.</summary>
    public static async Task ServeAsync(VoiceSession session, HttpContext context)
    {
        if (Offered(context.Request).Contains("realtime"))
            context.Response.Headers.SecWebSocketProtocol = "realtime";
        if (await WebSocketHandshake.AcceptAsync(context) is not { } stream)
            return;
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
        await session.ServeAsync(new RealtimeConnection(socket, context.Abort, context.Request));
    }

    private static async Task MintAsync(OpenAITwin twin, HttpContext context)
    {
        if (!await IsLetInAsync(twin, context))
            return;
        var body = await ReadJsonAsync(context.Request) ?? [];
        var session = body["session"]?.DeepClone().AsObject();
        var (value, expiresAt) = twin.Mint(session, TimeSpan.FromSeconds(body["expires_after"]?["seconds"]?.GetValue<int>() ?? 600));
        var answer = new JsonObject { ["value"] = value, ["expires_at"] = expiresAt.ToUnixTimeSeconds(), ["session"] = session?.DeepClone() };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString());
    }

    public static async Task<JsonObject?> ReadJsonAsync(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return null;
        try
        {
            return await JsonNode.ParseAsync(request.Body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string[] Offered(HttpRequest request) =>
        [.. request.Headers.SecWebSocketProtocol.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
