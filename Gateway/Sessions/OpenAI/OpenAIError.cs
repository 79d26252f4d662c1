using System.Globalization;
using System.Text.Json.Serialization;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>
/// A refusal as OpenAI's API answers it: <c>{"error":{"message","type","param","code"}}</c>. Published clients repeat 408, 409, 429 and 5xx by themselves, so what would be
/// refused again has none of these statuses and says so once more in the header that they read.
/// </summary>
internal sealed record OpenAIError(int Status, string Type, string Code, string Message, string? Param = null, int? RetryAfterSeconds = null) : IResult
{
    private const string ShouldRetry = "x-should-retry";

    /// <summary>The line of the catalogue that it is, told in the words of whoever's client asks; null for one that has words of its own.</summary>
    private CloseCode? Cause { get; init; }

    /// <summary>There is no such call, it is over, or it is somebody else's.</summary>
    public static OpenAIError CallNotFound { get; } = Invalid("call_id_not_found", "No such call, or it has ended.") with { Status = StatusCodes.Status404NotFound };

    /// <summary>A client token was used where an API key is needed.</summary>
    public static OpenAIError KeyNeeded { get; } =
        Invalid("token_not_allowed", "A client secret opens sessions and nothing else; use an API key.") with { Status = StatusCodes.Status403Forbidden };

    /// <summary>The body is larger than is read.</summary>
    public static OpenAIError TooLarge { get; } = Invalid("request_too_large", "The body is larger than is read.") with { Status = StatusCodes.Status413PayloadTooLarge };

    /// <summary>Refused too often in a short time.</summary>
    public static OpenAIError TooManyRefusals { get; } =
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", "too_many_refusals", "Refused too often; wait a second before the next attempt.", RetryAfterSeconds: 1);

    /// <summary>Something about the request is not as it should be.</summary>
    public static OpenAIError Invalid(string code, string message, string? param = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", code, message, param);

    /// <summary>A line of the catalogue.</summary>
    public static OpenAIError Of(CloseCode code)
    {
        var words = OpenAIWords.For(code);
        var isOver = code.Entry().Advice is CloseAdvice.Ended;
        return new OpenAIError(
            StatusOf(code), words.Type, words.Code, code.Entry().Reason,
            RetryAfterSeconds: !isOver && code.Entry().Advice is CloseAdvice.ComeBack ? RetryAfter(code) : null)
        {
            Cause = code,
        };
    }

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var message = Cause is { } cause ? await ClientWords.OfAsync(httpContext, cause) : Message;
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers[ShouldRetry] = RetryAfterSeconds is null ? "false" : "true";
        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        await response.WriteAsJsonAsync(new Body(new Error(message, Type, Param, Code)), OpenAIErrorJson.Default.Body, contentType: null, httpContext.RequestAborted);
    }

    private static int StatusOf(CloseCode code) => code switch
    {
        CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked => StatusCodes.Status401Unauthorized,
        CloseCode.ModelNotAllowed or CloseCode.ModelNotPriced                                     => StatusCodes.Status404NotFound,
        CloseCode.InvalidRequest                                                                  => StatusCodes.Status400BadRequest,
        CloseCode.MessageTooBig                                                                   => StatusCodes.Status413PayloadTooLarge,
        _ when code.Entry().Advice is CloseAdvice.ComeBack                                        => StatusCodes.Status503ServiceUnavailable,
        _                                                                                         => StatusCodes.Status403Forbidden,
    };

    // Capacity and accounts do not mend within a second.
    private static int RetryAfter(CloseCode code) => code is CloseCode.UpstreamFull or CloseCode.ServerBusy or CloseCode.ProviderRefused ? 5 : 1;

    internal sealed record Body(Error Error);

    internal sealed record Error(string Message, string Type, string? Param, string Code);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OpenAIError.Body))]
internal sealed partial class OpenAIErrorJson : JsonSerializerContext;
