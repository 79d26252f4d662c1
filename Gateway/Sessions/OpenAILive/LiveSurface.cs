using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Sessions.OpenAI;
using Orchestrator.Grains.Providers.OpenAILive;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions.OpenAILive;

/// <summary>
/// Sessions of the Live API: <c>{"session":{"model":"...",...},"transport":{"type":"webrtc","sdp":"..."}}</c> is answered by
/// <c>{"session":{"id":"...",...},"transport":{"type":"webrtc","sdp":"..."}}</c>.
/// </summary>
internal sealed class LiveSurface : CallSurface
{
    // The answer goes to programs, not into a page.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The one there is.</summary>
    public static LiveSurface Instance { get; } = new();

    /// <inheritdoc/>
    public override string Dialect => LiveDialect.Family;

    /// <inheritdoc/>
    protected override string Prefix => "live_";

    /// <inheritdoc/>
    public override async Task<(OpenAIOfferBody? Body, OpenAIError? Error)> ReadAsync(HttpRequest request)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, OpenAIOfferBody.Json, request.HttpContext.RequestAborted);
            return Read(document.RootElement);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, OpenAIError.TooLarge);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or IOException)
        {
            // The second is text that is no Unicode.
            return (null, OpenAIError.Invalid("invalid_json", "The body is not a JSON object of Unicode text."));
        }
    }

    /// <inheritdoc/>
    public override IResult Answer(HttpResponse response, SessionId session, string sdp, string model)
    {
        var answer = new JsonObject
        {
            ["session"] = new JsonObject { ["id"] = NameOf(session), ["model"] = model },
            ["transport"] = new JsonObject { ["type"] = "webrtc", ["sdp"] = sdp },
        };
        return TypedResults.Text(answer.ToJsonString(Plain), "application/json", statusCode: StatusCodes.Status201Created);
    }

    /// <inheritdoc/>
    public override byte[] Hello(string eventId, SessionRow session) => LiveMessages.SessionStarted(eventId, NameOf(session.Id), session.Model);

    private static (OpenAIOfferBody? Body, OpenAIError? Error) Read(JsonElement body)
    {
        if (ObjectIn(body, "session") is not { } session)
            return (null, OpenAIError.Invalid("missing_required_parameter", "The body lacks its object session.", "session"));
        if (session.TryGetProperty("model", out var model) && model.ValueKind is not JsonValueKind.String)
            return (null, OpenAIError.Invalid("invalid_type", "The model must be a string.", "session.model"));
        if (ObjectIn(body, "transport") is not { } transport)
            return (null, OpenAIError.Invalid("missing_required_parameter", "The body lacks its object transport.", "transport"));
        if (TextIn(transport, "type") is not "webrtc")
            return (null, OpenAIError.Invalid("invalid_value", "Transports are of the type 'webrtc'.", "transport.type"));
        return OpenAIOfferBody.Of(TextIn(transport, "sdp"), session.Clone(), "transport.sdp");
    }

    private static JsonElement? ObjectIn(JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Object ? value : null;

    private static string? TextIn(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
