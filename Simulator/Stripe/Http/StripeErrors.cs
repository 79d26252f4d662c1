using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Contract;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>Every error in Stripe's shape and, where they are known, Stripe's words.</summary>
internal static class StripeErrors
{
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>An error that the request's carrying out led to.</summary>
    public static StripeAnswer Failed(int status, string message, string? code = null, string? param = null, string type = InvalidRequest)
    {
        var error = new JsonObject();
        if (code is not null)
            error["code"] = code;
        error["message"] = message;
        if (param is not null)
            error["param"] = param;
        error["type"] = type;
        return StripeAnswer.Of(status, new() { ["error"] = error });
    }

    /// <summary>The same before anything was carried out.</summary>
    public static StripeAnswer Refused(int status, string message, string? code = null, string? param = null, string type = InvalidRequest) =>
        Failed(status, message, code, param, type) with { Executed = false };

    /// <summary>A request that no correct client sends.</summary>
    public static StripeAnswer Violation(Operation operation, string message, string? code = null, string? param = null) =>
        (operation.IsV2 ? V2(400, code ?? "invalid_fields", message) : Refused(400, message, code, param)) with
        {
            Executed = false, Violation = $"{operation.Name}: {message}",
        };

    public static StripeAnswer V2(int status, string code, string message) =>
        StripeAnswer.Of(status, new() { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } });

    public static StripeAnswer NoSuch(Operation operation, string what, string id, string param, int status) => operation.IsV2
        ? V2(status, "not_found", $"No such {what}: '{id}'")
        : Failed(status, $"No such {what}: '{id}'", "resource_missing", param);

    public static StripeAnswer NoMeter(bool v2) => v2
        ? V2(404, "no_meter", "A meter must exist to submit events.")
        : Failed(400, "No active meter found with this event name", param: "event_name");

    public static StripeAnswer ArchivedMeter(bool v2) => v2
        ? V2(400, "archived_meter", "The meter is archived.")
        : Failed(400, "The meter for this event name is archived.", "archived_meter", "event_name");

    public static StripeAnswer Unrecognized(string method, string path) =>
        Refused(404, $"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.") with
        {
            Violation = $"{method} {path}: no such operation",
        };

    /// <summary>One customer and meter take one call at a time.</summary>
    public static StripeAnswer Concurrent(bool v2)
    {
        const string Words = "Cannot create multiple usage events for the same customer, meter concurrently.";
        return (v2 ? V2(409, "too_many_concurrent_requests", Words) : Failed(409, Words, "lock_timeout")) with { Executed = false };
    }

    public static StripeAnswer KeyInUse(string key) => Refused(409,
        $"There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): {key}. "
        + "Please try again later.", "idempotency_key_in_use", type: "idempotency_error");

    public static StripeAnswer KeyReused(string key) => Refused(400,
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        + $"Try using a key other than '{key}' if you meant to execute a different request.",
        type: "idempotency_error");

    public static StripeAnswer ServerError() => Failed(500, "An unknown error occurred. If the error persists, please contact support.", type: "api_error");

    public static StripeAnswer RateLimited(string? reason, int? retryAfterSeconds)
    {
        var answer = Refused(429, "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.", "rate_limit");
        answer = reason is null ? answer : answer.With("Stripe-Rate-Limited-Reason", reason);
        return retryAfterSeconds is { } seconds ? answer.With("Retry-After", $"{seconds}") : answer;
    }

    public static StripeAnswer LockTimeout() => Refused(429,
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.", "lock_timeout");
}
