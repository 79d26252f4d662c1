using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Policies;

namespace Orchestrator.Gateway.Tenants;

/// <summary>
/// <c>POST /v1/client/tokens</c>, in the provider's own shape, so that a back end written for it works against us by
/// changing the host.
/// </summary>
internal static class ClientTokensApi
{
    /// <summary>The largest body, in bytes.</summary>
    private const int MaxBody = 16 * 1024;

    private static readonly IReadOnlyDictionary<string, string> TooLarge = new Dictionary<string, string>();

    public static void MapClientTokens(this IEndpointRouteBuilder routes) => routes
        .MapPost("/v1/client/tokens", CreateAsync)
        .WithTags("Client tokens")
        .WithName("CreateClientToken")
        .WithSummary("Make a short-lived token for one end user")
        .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(MaxBody))
        .AddEndpointFilter<ApiCallerFilter>();

    private static async Task<Results<Ok<ClientTokenResponse>, ProblemHttpResult>> CreateAsync(
        HttpContext context, ClientTokens tokens, SettingsOfPath settings, PoliciesOfPath policies, TimeProvider time, CancellationToken cancellationToken)
    {
        var (request, errors) = await ReadAsync(context.Request);
        if (request is null)
            return errors == TooLarge ? Problems.BodyTooLarge : Problems.Invalid(errors);

        var caller = ApiCallerFilter.CallerOf(context);
        var effective = await settings.EffectiveAsync(caller.Tenant.Path, cancellationToken);
        var wish = new TokenWish(request.ExpiresIn, request.AllowedModels, request.AllowedOrigins, request.MaxSessionDuration);
        var decision = TokenPolicy.Decide(wish, effective);
        if (decision.Terms is not { } terms)
            return Problems.Invalid(decision.Refusals.ToDictionary(FieldOf, WordsOf, StringComparer.Ordinal));

        // Better said now than to every end user.
        if (request.PolicyName is { } name && !await policies.IsNamedAsync(caller.Tenant.Path, name, cancellationToken))
            return Problems.Invalid(new Dictionary<string, string> { ["policy"] = "is not the name of a policy of this tenant, or of one above it" });

        var token = new Credential.ClientToken(
            caller.Credential.KeyId,
            // As much of it as is sealed, so that both say the same.
            DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()) + terms.ExpiresIn,
            terms.Models,
            terms.Origins,
            terms.MaxSessionDuration,
            request.Metadata)
        {
            PolicyName = request.PolicyName,
            Policy = request.Policy,
        };
        var sealedToken = tokens.Write(token, effective.TokenPrefix);
        return sealedToken.Length <= AccessControl.MaxCredential
            ? TypedResults.Ok(ClientTokenResponse.For(sealedToken, token))
            : Problems.Invalid(new Dictionary<string, string>
            {
                ["body"] = $"makes a token of more than {AccessControl.MaxCredential} characters; name fewer models or origins, or less metadata or policy",
            });
    }

    private static string FieldOf(TokenRefusal refusal) => refusal.Part switch
    {
        TokenPart.Models  => "allowedModels",
        TokenPart.Origins => "allowedOrigins",
        var part          => JsonNamingPolicy.CamelCase.ConvertName(part.ToString()),
    };

    private static string WordsOf(TokenRefusal refusal) => refusal switch
    {
        { Largest: { } largest } => $"must be at most {largest.TotalSeconds:0}, the largest that the tenant's settings allow",
        { Allowed: { Count: > 0 } allowed } => $"must be of what the tenant's settings allow: {string.Join(", ", allowed)}",
        _ => "cannot be: the tenant's settings, and those above it, leave none",
    };

    private static async Task<(ClientTokenRequest?, IReadOnlyDictionary<string, string>)> ReadAsync(HttpRequest request)
    {
        // All of it is optional, the body too.
        if (request.ContentLength is 0 or null && !request.Headers.ContainsKey("Transfer-Encoding"))
            return (ClientTokenRequest.Default, new Dictionary<string, string>());
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = 64 }, request.HttpContext.RequestAborted);
            return ClientTokenRequest.Read(body.RootElement);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, TooLarge);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is text that is no Unicode.
            return (null, new Dictionary<string, string> { ["body"] = "must be a JSON object of Unicode text" });
        }
    }
}
