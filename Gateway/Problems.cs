using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Gateway;

/// <summary>Refusals of the HTTP API: problem details (RFC 9457) with a stable <c>code</c>, declared here once.</summary>
internal static class Problems
{
    /// <summary>There is no such session, or it is somebody else's.</summary>
    public static ProblemHttpResult SessionNotFound => Of(StatusCodes.Status404NotFound, "session_not_found", "There is no such session.");

    /// <summary>A client token was used where an API key is needed.</summary>
    public static ProblemHttpResult TokenNotAllowed =>
        Of(StatusCodes.Status403Forbidden, "token_not_allowed", "A client token opens sessions and nothing else; use an API key.");

    /// <summary>The endpoint speaks WebSocket.</summary>
    public static ProblemHttpResult UpgradeRequired =>
        Of(StatusCodes.Status426UpgradeRequired, "upgrade_required", "This endpoint takes WebSocket connections.");

    /// <summary>The process is going away.</summary>
    public static ProblemHttpResult ShuttingDown =>
        Of(StatusCodes.Status503ServiceUnavailable, "server_shutdown", CloseCode.ServerShutdown.Entry().Reason);

    /// <summary>Too many refusals in a short time.</summary>
    public static ProblemHttpResult TooManyRefusals =>
        Of(StatusCodes.Status429TooManyRequests, "too_many_refusals", "Refused too often; wait a second before the next attempt.");

    /// <summary>A refusal of the catalogue, for a caller of the HTTP API.</summary>
    public static ProblemHttpResult Refused(CloseCode code) => Of(
        code is CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked
            ? StatusCodes.Status401Unauthorized
            : StatusCodes.Status403Forbidden,
        code.Entry().Name,
        code.Entry().Reason);

    /// <summary>Input that is not as it should be, by field.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string> errors) => TypedResults.Problem(
        statusCode: StatusCodes.Status422UnprocessableEntity,
        title: "The request is not valid.",
        extensions: new Dictionary<string, object?> { ["code"] = "validation_failed", ["errors"] = errors });

    /// <summary>A problem with a stable code.</summary>
    public static ProblemHttpResult Of(int status, string code, string title) =>
        TypedResults.Problem(statusCode: status, title: title, extensions: new Dictionary<string, object?> { ["code"] = code });
}
