using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// <c>POST /v1/realtime/client_secrets</c>: a client token of ours in the form of OpenAI's. The session's settings are sealed in it, so that a client which posts
/// nothing but its SDP gets them; they bind it to their model and to nothing else, as with OpenAI.
/// </summary>
internal sealed class ClientSecretsApi(OpenAICallers callers, AccessControl access, ClientTokens tokens, SettingsOfPath settings, TimeProvider time)
{
    private const int MinSeconds = 10;
    private const int MaxSeconds = 7_200;

    /// <summary>How long a secret lasts where nobody says anything.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(10);

    /// <summary>Mints one.</summary>
    public async Task<IResult> CreateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var credential = AccessControl.CredentialOf(context.Request);
        var (caller, refused) = await callers.FindAsync(context, credential);
        if (caller is null)
            return refused!;
        var (expiresIn, session, error) = await ReadAsync(context.Request);
        if (error is not null)
            return error;

        var model = session is { } asked && asked.TryGetProperty("model", out var value) ? value.GetString() : null;
        // Better to say so now than to every end user.
        if (model is not null && access.WhyRefused(new Identity(caller, IsCertain: true), OpenAIDialect.Family, origin: null, model) is { } code)
            return OpenAIError.Of(code);
        var effective = await settings.EffectiveAsync(caller.Tenant.Path, cancellationToken);
        var usual = effective.LargestExpiresIn < Usual ? effective.LargestExpiresIn : Usual;
        var decision = TokenPolicy.Decide(new TokenWish(expiresIn ?? usual, model is null ? null : [model], null, null), effective);
        if (decision.Terms is not { } terms)
            return OpenAIError.Invalid("not_allowed", "The tenant's settings do not allow that.", ParamOf(decision.Refusals[0].Part));

        var token = new Credential.ClientToken(
            caller.Credential.KeyId, DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds()) + terms.ExpiresIn,
            terms.Models, terms.Origins, terms.MaxSessionDuration, EndUser.Of(context.Request))
        {
            Session = session?.GetRawText(),
        };
        var secret = tokens.Write(token, effective.TokenPrefix);
        return secret.Length <= AccessControl.MaxCredential
            ? TypedResults.Text(Answer(secret, token, session, SessionId.New(time.GetUtcNow())), "application/json")
            : OpenAIError.Invalid("session_too_large", "The session's settings are too large to be sealed in a secret; send them with the call.", "session");
    }

    /// <summary><c>{"value":"ek_...","expires_at":1756310470,"session":{...,"id":"sess_...","object":"realtime.session","expires_at":0}}</c></summary>
    private static string Answer(string secret, Credential.ClientToken token, JsonElement? session, SessionId id)
    {
        var effective = session is { } given ? JsonNode.Parse(given.GetRawText())!.AsObject() : [];
        effective["type"] ??= "realtime";
        effective["object"] = "realtime.session";
        effective["id"] = $"sess_{id}";
        effective["expires_at"] = 0;
        return new JsonObject { ["value"] = secret, ["expires_at"] = token.ExpiresAt.ToUnixTimeSeconds(), ["session"] = effective }.ToJsonString(JsonSerializerOptions.Web);
    }

    private static async Task<(TimeSpan? ExpiresIn, JsonElement? Session, OpenAIError? Error)> ReadAsync(HttpRequest request)
    {
        // All of it is optional, the body too.
        if (request.ContentLength is 0 or null && !request.Headers.ContainsKey("Transfer-Encoding"))
            return default;
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, OpenAIOfferBody.Json, request.HttpContext.RequestAborted);
            return Read(document.RootElement);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, null, OpenAIError.TooLarge);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is text that is no Unicode.
            return (null, null, OpenAIError.Invalid("invalid_json", "The body is not a JSON object of Unicode text."));
        }
    }

    private static (TimeSpan? ExpiresIn, JsonElement? Session, OpenAIError? Error) Read(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object)
            return (null, null, OpenAIError.Invalid("invalid_type", "The body must be an object."));
        TimeSpan? expiresIn = null;
        if (TryGet(body, "expires_after", out var after))
        {
            if (after.ValueKind is not JsonValueKind.Object
                || (TryGet(after, "anchor", out var anchor) && !(anchor.ValueKind is JsonValueKind.String && anchor.ValueEquals("created_at"))))
            {
                return (null, null, OpenAIError.Invalid("invalid_value", "Secrets expire after their creation: the anchor is 'created_at'.", "expires_after.anchor"));
            }

            if (TryGet(after, "seconds", out var seconds))
            {
                if (seconds.ValueKind is not JsonValueKind.Number || !seconds.TryGetInt32(out var number) || number is < MinSeconds or > MaxSeconds)
                    return (null, null, OpenAIError.Invalid("invalid_value", $"The seconds must be a whole number from {MinSeconds} to {MaxSeconds}.", "expires_after.seconds"));
                expiresIn = TimeSpan.FromSeconds(number);
            }
        }

        if (!TryGet(body, "session", out var session))
            return (expiresIn, null, null);
        return OpenAIOfferBody.CheckSession(session) is { } error ? (null, null, error) : (expiresIn, session.Clone(), null);
    }

    private static bool TryGet(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null;

    private static string ParamOf(TokenPart part) => part is TokenPart.Models ? "session.model" : part is TokenPart.ExpiresIn ? "expires_after.seconds" : "session";
}
