using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Domain.Sessions;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway;

/// <summary>Refusals of the HTTP API: problem details (RFC 9457) with a stable <c>code</c>, declared here once.</summary>
internal static class Problems
{
    /// <summary>There is no such session, or it is somebody else's.</summary>
    public static ProblemHttpResult SessionNotFound => Of(StatusCodes.Status404NotFound, "session_not_found", "There is no such session.");

    /// <summary>The session is over, and what was said on it is not kept any more.</summary>
    public static ProblemHttpResult SessionOver => Of(StatusCodes.Status410Gone, "session_over", "The session is over; its timeline tells what happened.");

    /// <summary>As many watch the session, or the process, as may.</summary>
    public static ProblemHttpResult TooManyObservers => Of(StatusCodes.Status429TooManyRequests, "too_many_observers", "As many observe this session, or this server, as may.");

    /// <summary>There is no such tenant, or it is not the caller's to see.</summary>
    public static ProblemHttpResult TenantNotFound => Of(StatusCodes.Status404NotFound, "tenant_not_found", "There is no such tenant.");

    /// <summary>The tenant has no such address.</summary>
    public static ProblemHttpResult HostNotFound => Of(StatusCodes.Status404NotFound, "host_not_found", "This tenant has no such host.");

    /// <summary>The address is another's, or nobody's to have.</summary>
    public static ProblemHttpResult HostTaken => Of(StatusCodes.Status409Conflict, "host_taken", "This host belongs to somebody else.");

    /// <summary>The tenant has as many addresses as it may.</summary>
    public static ProblemHttpResult TooManyHosts => Of(StatusCodes.Status409Conflict, "too_many_hosts", $"A tenant may have {HostAdmin.MaxHosts} hosts.");

    /// <summary>The tenant has no such key.</summary>
    public static ProblemHttpResult KeyNotFound => Of(StatusCodes.Status404NotFound, "key_not_found", "There is no such key.");

    /// <summary>The tenant has no wallet.</summary>
    public static ProblemHttpResult WalletNotFound => Of(StatusCodes.Status404NotFound, "wallet_not_found", "This tenant has no wallet; one above it can give it one.");

    /// <summary>The tenant has no such target, or it is not the caller's to see.</summary>
    public static ProblemHttpResult ExportTargetNotFound => Of(StatusCodes.Status404NotFound, "export_target_not_found", "There is no such export target.");

    /// <summary>What a target would send goes there already.</summary>
    public static ProblemHttpResult ExportTargetExists => Of(
        StatusCodes.Status409Conflict, "export_target_exists",
        "This tenant's usage goes to that customer under that event name already, or what goes there is of another unit; retire that target first, or name another event.");

    /// <summary>There are as many targets as there may be.</summary>
    public static ProblemHttpResult TooManyExportTargets => Of(
        StatusCodes.Status409Conflict, "too_many_export_targets",
        $"There may be {ExportTargetAdmin.MaxTargets} targets of a tenant, and {ExportTargetAdmin.MaxAddedInADay} new ones a day.");

    /// <summary>Nobody changes what it is charged, granted or allowed itself.</summary>
    public static ProblemHttpResult AboveOnly =>
        Of(StatusCodes.Status403Forbidden, "above_only", "Only a tenant above this one may change that.");

    /// <summary>Somebody above has set that; it is not undone from below.</summary>
    public static ProblemHttpResult SetAbove =>
        Of(StatusCodes.Status403Forbidden, "set_above", "A tenant above the caller has set this; only that one, or one above it, may change it.");

    /// <summary>A change that does not say what it replaces.</summary>
    public static ProblemHttpResult ConditionRequired => Of(
        StatusCodes.Status428PreconditionRequired, "condition_required", "Say what this replaces: If-Match with the one ETag that was read, or If-None-Match: * for the first.");

    /// <summary>Somebody else was first.</summary>
    public static ProblemHttpResult ConditionFailed =>
        Of(StatusCodes.Status412PreconditionFailed, "condition_failed", "This was changed since it was read; read it again.");

    /// <summary>The key of a request stands for another one.</summary>
    public static ProblemHttpResult IdempotencyKeyReused =>
        Of(StatusCodes.Status409Conflict, "idempotency_key_reused", "This Idempotency-Key stands for an entry that says something else.");

    /// <summary>Two versions cannot begin at one instant.</summary>
    public static ProblemHttpResult PriceTaken =>
        Of(StatusCodes.Status409Conflict, "price_taken", "Another price of this model begins at that very instant.");

    /// <summary>A client token was used where an API key is needed.</summary>
    public static ProblemHttpResult TokenNotAllowed =>
        Of(StatusCodes.Status403Forbidden, "token_not_allowed", "A client token opens sessions and nothing else; use an API key.");

    /// <summary>The endpoint speaks WebSocket.</summary>
    public static ProblemHttpResult UpgradeRequired =>
        Of(StatusCodes.Status426UpgradeRequired, "upgrade_required", "This endpoint takes WebSocket connections.");

    /// <summary>A notification that its sender has not signed, or not just now.</summary>
    public static ProblemHttpResult InvalidSignature =>
        Of(StatusCodes.Status400BadRequest, "invalid_signature", "The notification is not signed, or not with our secret and just now.");

    /// <summary>The body is larger than this endpoint reads.</summary>
    public static ProblemHttpResult BodyTooLarge => OfStatus(StatusCodes.Status413PayloadTooLarge);

    /// <summary>Too many refusals in a short time; says when to come back.</summary>
    public static ProblemHttpResult TooManyRefusals(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Of(StatusCodes.Status429TooManyRequests, "too_many_refusals", "Refused too often; wait a second before the next attempt.");
    }

    /// <summary>Too many connections of an address wait to say who they are.</summary>
    public static ProblemHttpResult TooManyUnknown(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Of(StatusCodes.Status429TooManyRequests, "too_many_unknown", "Too many connections of this address have not named a credential yet.");
    }

    /// <summary>Answers with <see cref="TooManyRefusals"/>.</summary>
    public static Task TooManyRefusalsAsync(HttpContext context) => TooManyRefusals(context).ExecuteAsync(context);

    /// <summary>What the framework answers by itself, in our shape.</summary>
    public static ProblemHttpResult OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound             => Of(status, "not_found", "There is no such address."),
        StatusCodes.Status405MethodNotAllowed     => Of(status, "method_not_allowed", "This address does not take that method."),
        StatusCodes.Status413PayloadTooLarge      => Of(status, "body_too_large", "The body is larger than this address reads."),
        StatusCodes.Status415UnsupportedMediaType => Of(status, "unsupported_media_type", "This address reads JSON."),
        StatusCodes.Status503ServiceUnavailable   => Refused(CloseCode.StorageUnavailable),
        >= 400 and < 500                          => Of(status, "bad_request", "The request is not valid."),
        _                                         => Of(status, CloseCode.InternalError.Entry().Name, CloseCode.InternalError.Entry().Reason),
    };

    /// <summary>A refusal of the catalogue, for a caller of the HTTP API.</summary>
    public static ProblemHttpResult Refused(CloseCode code) => Of(StatusOf(code), code.Entry().Name, code.Entry().Reason);

    /// <summary>Input that is not as it should be, by field.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string> errors) => TypedResults.Problem(
        statusCode: StatusCodes.Status422UnprocessableEntity,
        title: "The request is not valid.",
        extensions: new Dictionary<string, object?> { ["code"] = "validation_failed", ["errors"] = errors });

    private static int StatusOf(CloseCode code) => code switch
    {
        CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked => StatusCodes.Status401Unauthorized,
        CloseCode.StorageUnavailable                                                              => StatusCodes.Status503ServiceUnavailable,
        _                                                                                         => StatusCodes.Status403Forbidden,
    };

    /// <summary>A problem with a stable code.</summary>
    public static ProblemHttpResult Of(int status, string code, string title) =>
        TypedResults.Problem(statusCode: status, title: title, extensions: new Dictionary<string, object?> { ["code"] = code });
}
